//! Asks the inventory plugins which machines their managers have: all at once, each in a worker of its own,
//! and only those whose manager is on this computer.

mod check;
mod console;
mod lane;
mod presence;
mod rounds;

pub use rounds::{Inventories, Listed};
