//! What inventories of a manager's files share: the list of machines with what could not be read, the
//! fields of JSON files, and the process of a machine.

#![forbid(unsafe_code)]

mod endpoint;
mod file;
mod json;
mod machines;
mod process;
mod text;

pub use endpoint::ssh_endpoint;
pub use file::{ManagerFile, read};
pub use json::Json;
pub use machines::{Machines, unread_machine};
pub use process::{Processes, belongs_to, mentions, run_by};
pub use text::{absolute, card_mac, folder, here, plain_name, stem};
