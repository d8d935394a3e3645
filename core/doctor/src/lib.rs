//! Finds out why machines have no usable address, and offers to end the cause.
//!
//! [`Doctor::examine`] looks at the machines, gathers what the signals do not report (DHCP at both
//! ends, the firewall, the router), and diagnoses each machine. [`Doctor::fix`] runs remedies and
//! measures whether they helped. The caller answers questions and follows the progress as a
//! [`Person`]. Nothing here prints.
//!
//! ```
//! # use std::time::Duration;
//! use vmkit_doctor::{Doctor, Note, Pause, Person, Progress, Question, Request};
//! use vmkit_session::{Settings, Source};
//!
//! /// Allows nothing and ends every wait.
//! struct Nobody;
//!
//! impl Person for Nobody {
//!     fn can_answer(&self) -> bool { false }
//!     fn allows(&mut self, _: &Question) -> bool { false }
//!     fn hears(&mut self, _: &Note<'_>) {}
//!     fn begins_waiting(&mut self) {}
//!     fn sees(&mut self, _: &Progress<'_>) {}
//!     fn waits(&mut self, _: Duration) -> Pause { Pause::EndedByPerson }
//!     fn stops_waiting(&mut self) {}
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let catalogue = vmkit_diagnose::Catalogue::builtin()?;
//! let settings = Settings::of_prefix(std::env::var("VMKIT_STAGE")?)?;
//! let source = Source::Snapshot("../../tests/cli/data/router-drops".into());
//! let request = Request { source, ..Request::default() };
//! let examination = Doctor::start(request, settings, &catalogue)?.examine(&mut Nobody)?;
//! for assessment in &examination.assessments {
//!     let likeliest = assessment.diagnosis.causes.first().map(|cause| cause.code);
//!     println!("{}: {likeliest:?}", assessment.machine.name);
//! #   assert_eq!(likeliest, Some("router-drops-foreign-chaddr"));
//! }
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod assessment;
mod capture_points;
mod command_line;
mod comparison;
mod consent;
mod devices;
mod error;
mod examine;
mod fix;
mod gather;
mod gathered;
mod idle;
mod inside;
mod limit;
mod offers;
mod person;
mod record;
mod replay;
mod request;
mod router;
#[cfg(test)]
mod script;
mod subjects;
mod survey;
mod unplug;
mod wait;
mod watch;

pub use assessment::Assessment;
pub use error::Error;
pub use examine::{Doctor, Examination};
pub use fix::Treatment;
pub use gathered::{Captures, Dhcp, Gathered};
pub use inside::GuestAnswer;
pub use offers::OfferTest;
pub use person::{Note, Offered, Pause, Person, Progress, Question};
pub use request::{FixRequest, Request};
pub use router::known_router;
pub use watch::Capture;
