//! Opening things for plugins: only what their manifest declares, only what it should be.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use vmkit_wire::{Needs, OpenRefusal, Resource};

/// The pattern in a manifest's `read_files` that stands for the machines' console logs.
const CONSOLES: &str = "{console}";

/// Opens `resource` for a plugin with these needs; `consoles` by index of the machine.
pub(crate) fn open(
    needs: &Needs,
    consoles: &[Option<PathBuf>],
    resource: Resource,
    argument: &str,
) -> Result<File, OpenRefusal> {
    match resource {
        Resource::Console if needs.read_files.iter().any(|file| file == CONSOLES) => {
            let console = argument.parse().ok().and_then(|vm: usize| consoles.get(vm));
            match console {
                Some(Some(path)) => regular_file(path),
                Some(None) => Err(absent("the machine has no console log")),
                None => Err(absent("no machine of the batch has this index")),
            }
        }
        Resource::Console => Err(refusal(true, "the manifest declares no `{console}`".to_owned())),
        Resource::Artefact | Resource::Recording => Err(absent("there is no snapshot")),
        Resource::Unknown => Err(absent("this host does not know the resource")),
    }
}

/// Opens a regular file for reading. A guest's log lies where other programs write, so what
/// stands in its place is checked on the open file, and nothing can block.
fn regular_file(path: &Path) -> Result<File, OpenRefusal> {
    let failed = |error: &io::Error| OpenRefusal {
        denied: error.kind() == io::ErrorKind::PermissionDenied,
        not_found: error.kind() == io::ErrorKind::NotFound,
        message: if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
            format!("{} is a symbolic link", path.display())
        } else {
            format!("open {}: {error}", path.display())
        },
    };
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY).bits();
    let file = File::options()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(path)
        .map_err(|error| failed(&error))?;
    let kind = file.metadata().map_err(|error| failed(&error))?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    let what = if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a named pipe"
    } else {
        "a device or socket"
    };
    Err(refusal(false, format!("{} is {what}, not a regular file", path.display())))
}

fn refusal(denied: bool, message: String) -> OpenRefusal {
    OpenRefusal { denied, not_found: false, message }
}

fn absent(message: &str) -> OpenRefusal {
    OpenRefusal { denied: false, not_found: true, message: message.to_owned() }
}
