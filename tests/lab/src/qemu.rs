//! Starting QEMU as vm-toolkit starts it in the background.

use std::{io::ErrorKind, path::Path, process::Command};

use vmkit_types::Mac;

use crate::{
    GuestPlan, LabError, Namespace, PATIENCE, Process, command::run, data_directory::MachineFiles,
    kernel::Kernel, qmp, wait_until,
};

/// What a machine runs.
pub(crate) enum Machine<'a> {
    /// A Linux of its own, on a tap in the host's bridge.
    Linux { kernel: &'a Kernel, initramfs: &'a Path, tap: &'a str },
    /// Nothing, and a cable from a tap in the host's bridge to a tap that is the guest's card.
    Wired { tap: &'a str, inner: &'a str },
    /// Nothing: a process with QEMU's identity and protocol, whose network is elsewhere.
    Empty,
}

/// Starts the machine and waits until it can be spoken to.
pub(crate) fn start(
    host: &Namespace,
    files: &MachineFiles,
    plan: &GuestPlan,
    mac: Mac,
    machine: &Machine<'_>,
) -> Result<Process, LabError> {
    let disk = files.named("qcow2");
    if !disk.exists() {
        run(Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(&disk).arg("1M"))?;
    }
    let (pid_file, socket) = (files.named("pid"), files.named("qmp"));
    let mut command = host.command("qemu-system-x86_64");
    command.args(["-name", &plan.name, "-display", "none", "-nodefaults"]);
    command.args(["-qmp", &format!("unix:{},server,nowait", socket.display())]);
    command.arg("-pidfile").arg(&pid_file);
    match machine {
        Machine::Empty => {
            command.args(["-machine", "none"]);
        }
        Machine::Wired { tap, inner } => {
            port(host, tap)?;
            command.args(["-machine", "none"]);
            for (id, tap) in [("n0", tap), ("n1", inner)] {
                let cable = format!("tap,id={id},ifname={tap},script=no,downscript=no");
                command.args(["-netdev", &cable]);
                command.args(["-netdev", &format!("hubport,id=hub-{id},hubid=0,netdev={id}")]);
            }
        }
        Machine::Linux { kernel, initramfs, tap } => {
            port(host, tap)?;
            command.args(["-accel", "tcg", "-machine", "q35", "-cpu", "max", "-m", "256"]);
            command.arg("-kernel").arg(&kernel.image).arg("-initrd").arg(initramfs);
            command.args(["-append", &kernel_arguments(plan)]);
            command.args(["-serial", &format!("file:{}", files.console().display())]);
            command.args(["-drive", &format!("file={},if=none,id=disk", disk.display())]);
            command.args(["-netdev", &format!("tap,id=n0,ifname={tap},script=no,downscript=no")]);
            command.args(["-device", &format!("virtio-net-pci,netdev=n0,mac={mac}")]);
            if plan.containers {
                let channel = files.named("agent");
                let channel = channel.display();
                command
                    .args(["-chardev", &format!("socket,path={channel},server=on,wait=off,id=ga")]);
                command.args(["-device", "virtio-serial"]);
                command.args(["-device", "virtserialport,chardev=ga,name=org.qemu.guest_agent.0"]);
            }
        }
    }
    let log = files.folder.join("qemu.log");
    let mut process = Process::start(&mut command, &log)?;
    wait_until(PATIENCE, &format!("QEMU serving {}", socket.display()), || {
        if !process.is_running()? {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            return Err(LabError::Missing(format!("a QEMU that starts: {said}")));
        }
        let has_console = files.console().exists() || !matches!(machine, Machine::Linux { .. });
        if !(socket.exists() && pid_file.exists() && has_console) {
            return Ok(false);
        }
        // These files are there before it listens and has a network; it answers when all is.
        match qmp::execute(&socket, "query-status") {
            Err(LabError::File { source, .. }) if source.kind() == ErrorKind::ConnectionRefused => {
                Ok(false)
            }
            answer => answer.map(|_| true),
        }
    })?;
    Ok(process)
}

/// Makes a tap in the host's bridge.
fn port(host: &Namespace, tap: &str) -> Result<(), LabError> {
    host.ip(&format!("tuntap add dev {tap} mode tap"))?;
    host.ip(&format!("link set {tap} master br0 up"))?;
    Ok(())
}

/// The kernel's messages stay on the console: its first one is where a boot begins in the log.
fn kernel_arguments(plan: &GuestPlan) -> String {
    let mut words = vec!["console=ttyS0".to_owned(), format!("guest={}", plan.name)];
    // Emulated on a busy computer the timer ticks late, which the kernel's check takes for a fault
    // of the board and panics.
    words.push("no_timer_check".to_owned());
    if !plan.dhcp {
        words.push("nodhcp".to_owned());
    }
    if !plan.ssh {
        words.push("nossh".to_owned());
    }
    if plan.containers {
        words.push("containers".to_owned());
    }
    words.extend(plan.kernel_words.split_whitespace().map(str::to_owned));
    words.join(" ")
}
