//! Finds the address of every virtual machine on this computer, or in a snapshot of one.
//!
//! ```
//! use vmkit::{Builder, Selection, Settings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Where vmkit is installed, such as /usr/local: its worker loads the plugins.
//! let settings = Settings::of_prefix(std::env::var("VMKIT_STAGE")?)?;
//! let mut session = Builder::new(settings).snapshot("../../tests/corpus/lab/healthy").start()?;
//! let look = session.look(&Selection::all())?;
//! for row in look.rows(&Selection::all())? {
//!     println!("{}: {} {:?}", row.machine.name, row.pick.verdict.code(), row.pick.address);
//! }
//! # let addresses: Vec<_> = look.picks.values().filter_map(|pick| pick.address).collect();
//! # assert_eq!(addresses, [std::net::IpAddr::from([192, 168, 77, 50])]);
//! # Ok(())
//! # }
//! ```
//!
//! [`Builder::new`] alone looks at this computer. [`Session::follow`] looks again and again.

#![forbid(unsafe_code)]

pub use vmkit_session::{
    Builder, Error, Look, Rights, Row, Scene, Selection, Session, Settings, Source,
};
