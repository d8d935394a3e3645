//! The parsers of untrusted input, for fuzzing.

use std::hint::black_box;

use crate::{guest_names, ownership, registry, shell};

/// `.vm-registry.json`.
pub fn registry(bytes: &[u8]) {
    _ = black_box(registry::parse(bytes));
}

/// A machine's cloud-init `user-data`.
pub fn user_data(text: &str) {
    black_box(guest_names::parse(text));
}

/// `~/.vm-toolkit-config`.
pub fn configuration(text: &str) {
    black_box(shell::parse(text, Some("/home/u")));
}

/// All that a QMP monitor sends, in pieces of `size` bytes.
pub fn monitor(bytes: &[u8], size: usize) {
    let mut session = vmkit_power::Session::of_status();
    for piece in bytes.chunks(size.max(1)) {
        if black_box(session.take(piece)) != vmkit_power::Step::Wait {
            break;
        }
    }
}

/// The arguments of a process, on a computer with the machines `web` and `db`.
pub fn command_line(arguments: &[String]) {
    let machines = ["web", "db"].map(|name| (name, vec![format!("/vms/{name}").into()]));
    black_box(ownership::Directories::new(machines.into_iter()).owner(arguments));
    black_box(ownership::named_relatively(arguments).count());
    if let Some(program) = vmkit_qemu::program(arguments) {
        black_box(vmkit_qemu::CommandLine::parse(arguments, program));
    }
}
