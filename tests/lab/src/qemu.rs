//! Starts QEMU like vm-toolkit in the background.

use std::{io::ErrorKind, path::Path, process::Command};

use vmkit_types::Mac;

use crate::{
    GuestPlan, LabError, Namespace, PATIENCE, Process, command::run, data_directory::MachineFiles,
    kernel::Kernel, qmp, wait_until,
};

/// The word of a plan whose guest has nothing to start from but an empty disk.
const EMPTY_DISK: &str = "fault=disk";

/// What a machine runs.
pub(crate) enum Machine<'a> {
    /// Linux, on a tap in the host's bridge.
    Linux { kernel: &'a Kernel, initramfs: &'a Path, tap: &'a str },
    /// Nothing, with a cable from a tap in the host's bridge to a tap that becomes the guest's card.
    Wired { tap: &'a str, inner: &'a str },
    /// Nothing: a process with QEMU's command line and protocol.
    Empty,
}

/// Starts the machine and waits until it answers.
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
            if plan.kernel_words.contains(EMPTY_DISK) {
                command.args(["-device", "virtio-blk-pci,drive=disk"]);
            } else {
                command.arg("-kernel").arg(&kernel.image).arg("-initrd").arg(initramfs);
                command.args(["-append", &kernel_arguments(plan)]);
            }
            command.args(["-serial", &format!("file:{}", files.console().display())]);
            command.args(["-drive", &format!("file={},if=none,id=disk", disk.display())]);
            command.args(["-netdev", &format!("tap,id=n0,ifname={tap},script=no,downscript=no")]);
            // Without its ROM: firmware that starts from the network asks for an address itself.
            command.args(["-device", &format!("virtio-net-pci,netdev=n0,mac={mac},romfile=")]);
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
    let has_console = matches!(machine, Machine::Linux { .. });
    wait_until_serving(&mut process, files, has_console, &log)?;
    Ok(process)
}

fn wait_until_serving(
    process: &mut Process,
    files: &MachineFiles,
    has_console: bool,
    log: &Path,
) -> Result<(), LabError> {
    let (pid_file, socket) = (files.named("pid"), files.named("qmp"));
    wait_until(PATIENCE, &format!("QEMU serving {}", socket.display()), || {
        if !process.is_running()? {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            return Err(LabError::Missing(format!("a QEMU that starts: {said}")));
        }
        let console = !has_console || files.console().exists();
        if !(socket.exists() && pid_file.exists() && console) {
            return Ok(false);
        }
        // These files exist before it listens; it answers when everything is set up.
        match qmp::execute(&socket, "query-status") {
            Err(LabError::File { source, .. }) if source.kind() == ErrorKind::ConnectionRefused => {
                Ok(false)
            }
            answer => answer.map(|_| true),
        }
    })
}

/// Makes a tap in the host's bridge.
fn port(host: &Namespace, tap: &str) -> Result<(), LabError> {
    host.ip(&format!("tuntap add dev {tap} mode tap"))?;
    host.ip(&format!("link set {tap} master br0 up"))?;
    Ok(())
}

/// The kernel's command line. Its messages stay on the console, since the first one marks a boot.
fn kernel_arguments(plan: &GuestPlan) -> String {
    let mut words = vec!["console=ttyS0".to_owned(), format!("guest={}", plan.name)];
    // Under emulation on a busy computer the timer ticks late, and the kernel's check would panic.
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
