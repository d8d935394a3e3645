//! Files that a manifest names: listed and opened one by one, with the rights of the user whom plugins
//! run as, and where that is not enough by the broker.

mod list;
mod open;
mod present;
mod reader;

pub(crate) use list::{list, stream};
pub(crate) use open::open;
pub(crate) use present::are_present;
pub(crate) use reader::{Reader, home_of};
