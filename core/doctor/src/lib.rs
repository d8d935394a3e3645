//! Finds out why machines have no usable address, and offers to end the cause.
//!
//! [`Doctor::examine`] looks at the machines, gathers what the signals do not report (DHCP at both
//! ends, the firewall, the router), and diagnoses each machine. [`Doctor::fix`] runs remedies and
//! measures whether they helped. Whoever calls this answers questions and follows the progress as a
//! [`Person`]. Nothing here prints.

#![forbid(unsafe_code)]

mod assessment;
mod capture_points;
mod consent;
mod error;
mod examine;
mod fix;
mod gather;
mod gathered;
mod offers;
mod person;
mod record;
mod replay;
mod request;
mod router;
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
pub use offers::OfferTest;
pub use person::{Note, Offered, Pause, Person, Progress, Question};
pub use request::{FixRequest, Request};
pub use watch::Capture;
