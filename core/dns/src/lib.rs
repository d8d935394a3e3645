//! Names of machines by DNS: one suffix, answered on the loopback interface from a [`Zone`] that
//! whoever looks for the addresses puts in place.
//!
//! What is answered is decided by [`Zone::answer`], a pure function; hickory-server reads and writes
//! the messages.

#![forbid(unsafe_code)]

mod reply;
mod server;
mod suffix;
mod system;
mod zone;

pub use hickory_server::proto::rr::{Name, RecordType};
pub use server::{DnsError, Ended, Event, Listening, Zones};
pub use suffix::{InvalidSuffix, Suffix};
pub use system::{Setting, SystemResolver, names_servers, systemd_version};
pub use zone::{Answer, Zone};
