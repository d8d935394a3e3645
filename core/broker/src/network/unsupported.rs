//! Where QEMU opens the system's networks itself.

use std::io;

use vmkit_rights::{PortRequest, Refusal};

use super::port::Port;

pub(crate) fn port(_: &PortRequest) -> Result<Port, Refusal> {
    let why = "this system has no ports that are passed to QEMU: QEMU opens vmnet itself, as root";
    Err(Refusal::failed(why))
}

pub(crate) fn mode(_: &[String]) -> Option<io::Result<()>> {
    None
}
