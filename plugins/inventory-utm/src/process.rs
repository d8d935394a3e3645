//! Which process a machine has.

use vmkit_listing::{ManagerFile, Processes, belongs_to, folder};
use vmkit_plugin::{ProcessAnswer, Reading, Unread};

use crate::configuration::{Backend, Configuration};

/// The process in which macOS runs each machine of Virtualization.framework, of whatever manager. Its
/// command line names no machine.
const APPLE: &str = "com.apple.Virtualization.VirtualMachine";

/// The process of the machine with this configuration.
pub(crate) fn of<'a>(
    configuration: &Configuration,
    file: &ManagerFile,
    processes: &'a Processes,
) -> Reading<&'a ProcessAnswer> {
    match configuration.backend {
        Backend::Qemu => processes.find(|process| {
            belongs_to(process, file.owner) && is_of(process, configuration, folder(&file.path))
        }),
        Backend::Apple => match processes.find(is_apple) {
            Reading::Known(_) => Reading::Unknown(Unread::Failed(
                "macOS runs a machine, and its process does not say whose".to_owned(),
            )),
            other => other,
        },
    }
}

/// Whether a QEMU works for a machine: its UUID is in the name of its display's socket and in `-uuid`, and
/// its disks lie in its bundle. Paths are real ones, so that of the bundle may differ before its name.
fn is_of(process: &ProcessAnswer, configuration: &Configuration, bundle: &str) -> bool {
    let inside = format!("/{}/", bundle.rsplit('/').next().unwrap_or_default());
    let uuid = configuration.uuid.to_ascii_lowercase();
    let names = |argument: &String| {
        argument.to_ascii_lowercase().contains(&uuid) || argument.contains(&inside)
    };
    !is_apple(process) && !uuid.is_empty() && process.arguments.iter().skip(1).any(names)
}

fn is_apple(process: &ProcessAnswer) -> bool {
    let program = process.arguments.first().map(String::as_str).unwrap_or_default();
    program.rsplit('/').next() == Some(APPLE)
}
