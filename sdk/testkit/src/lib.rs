//! Runs a plugin in a test, without a worker: a fake host with its own clock, cancellation and
//! files, on the same foreign interface that a real host uses.
//!
//! ```ignore
//! let host = FakeHost::new().with_console(0, b"udhcpc: lease of 192.168.1.64 obtained ...");
//! let report = host.observe::<Console>("{}", &[Subject { name: "web".into(), ..Subject::default() }]);
//! assert_eq!(report.observations[0].address, Some("192.168.1.64".parse().unwrap()));
//! ```

#![forbid(unsafe_code)]

mod answers;
mod bytes;
mod files;
mod host;
mod machine;
mod observation;
mod report;

pub use host::{FakeHost, Made};
pub use machine::{assert_declares, machine_lines};
pub use report::{LogLine, Report};
