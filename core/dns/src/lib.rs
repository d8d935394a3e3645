//! VMs' names by DNS: serves one suffix on the loopback interface from a [`Zone`] that each look
//! replaces.
//!
//! [`Zone::answer`], a pure function, decides the answers; hickory-server reads and writes the
//! messages.

#![forbid(unsafe_code)]

mod event;
mod reply;
mod server;
mod tcp;
mod zone;
mod zones;

pub use event::{DnsError, Event, StopSignal};
pub use hickory_server::proto::rr::{Name, RecordType};
pub use server::Listening;
pub use zone::{Answer, Zone};
pub use zones::Zones;
