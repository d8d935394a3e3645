//! Opens the console log of root's QEMU for reading.

use std::{fs::File, path::Path};

use vmkit_rights::{Account, Refusal};

use crate::{
    named::{Role, names},
    place,
    process::Qemu,
};

/// The log at this path, if the QEMU was started with it.
pub(crate) fn open(pid: u32, path: &Path, user: Account) -> Result<File, Refusal> {
    let qemu = Qemu::of_root(pid, user)?;
    if !names(&qemu.process.arguments, path, Role::ConsoleLog) {
        let path = path.display();
        return Err(Refusal::denied(format!("process {pid} writes no console log at {path}")));
    }
    place::open_log(&qemu, path, user)
}
