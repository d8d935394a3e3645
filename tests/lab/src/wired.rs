//! A namespace guest connected through its QEMU process.
//!
//! QEMU joins two taps by a hub. One is the VM's port on the host, named on QEMU's command line; the
//! other moves into the guest's namespace as its card. So QEMU controls the guest's network: a paused
//! process forwards nothing, and neither does a link that is down.

use std::fs;

use crate::{
    Guest, GuestPlan, LabError, Namespace, Process, data_directory::MachineFiles,
    error::file_error, initramfs, qemu,
};

/// Starts the guest with this port on `br0`; no program but its SSH server runs in it.
pub(crate) fn start(
    host: &Namespace,
    folder: &std::path::Path,
    plan: &GuestPlan,
    files: MachineFiles,
    tap: &str,
) -> Result<Guest, LabError> {
    let inner = format!("{tap}in");
    let machine = qemu::Machine::Wired { tap, inner: &inner };
    let qemu = qemu::start(host, &files, plan, plan.mac(), &machine)?;
    let namespace = Namespace::new(format!("{}-{}", host.name(), plan.name))?;
    host.ip(&format!("link set {inner} netns {} name eth0", namespace.name()))?;
    namespace.ip(&format!("link set eth0 address {} up", plan.mac()))?;
    let console = files.console();
    // The kernel's first line, where the console signal sees the start of a boot.
    fs::write(&console, "[    0.000000] Linux version 6.1.0-lab\n")
        .map_err(file_error("write", &console))?;
    let mut programs = Vec::new();
    if plan.ssh {
        let mut server = namespace.command("busybox");
        server.args(["nc", "-ll", "-p", "22", "-e"]).arg(initramfs::banner_script(folder)?);
        programs.push(Process::start(&mut server, &files.folder.join("ssh.log"))?);
    }
    let namespace = Some(namespace);
    Ok(Guest { programs, namespace, ..Guest::bare(plan, files, qemu) })
}
