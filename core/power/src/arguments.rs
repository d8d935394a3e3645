//! QEMU's arguments. Pure: they are a list, and no shell reads them.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::Path,
};

use crate::{
    files::{ProcessFiles, in_directory},
    plan::{Acceleration, Architecture, Cable, Plan, Rights, Root},
};

/// The name by which QEMU's channel of the guest agent is found in the guest.
const GUEST_AGENT: &str = "org.qemu.guest_agent.0";

/// The system calls that QEMU gives up: those for starting programs and those for more rights above all.
const SANDBOX: &str = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

/// Most processors of ARM's older interrupt controller, which QEMU takes without being asked for another.
const MOST_WITH_OLD_CONTROLLER: u32 = 8;

/// The arguments of a QEMU, without the program. It is started in the machine's directory: the path of a
/// socket that is too long for a socket's address is relative to it.
pub fn arguments(plan: &Plan) -> Vec<OsString> {
    let files = ProcessFiles::new(&plan.directory, &plan.name);
    let mut line = Line::default();
    line.add("-name", Value::of("guest").raw("=").text(&plan.name));
    line.flag("-no-user-config").flag("-nodefaults");
    line.add("-display", Value::of("none"));
    add_processor(&mut line, plan);
    add_rights(&mut line, plan);
    line.flag("-pidfile").file(&files.pid());
    line.add("-chardev", socket("monitor0", &files.monitor()));
    line.add("-mon", Value::of("chardev=monitor0,mode=control"));
    let log = Value::of(",logfile=").path(&files.console_log()).raw(",logappend=off");
    line.add("-chardev", socket("serial0", &files.console()).then(log));
    line.add("-serial", Value::of("chardev:serial0"));
    add_disks(&mut line, plan);
    line.add("-netdev", cable(&plan.cable));
    // Without a ROM the firmware does not try to boot from the network.
    let card = format!("virtio-net-pci,netdev=net0,mac={},romfile=", plan.mac);
    line.add("-device", Value::of(&card));
    line.add("-device", Value::of("virtio-serial-pci"));
    line.add("-chardev", socket("agent0", &files.guest_agent()));
    line.add("-device", Value::of("virtserialport,chardev=agent0,name=").raw(GUEST_AGENT));
    line.add("-device", Value::of("virtio-rng-pci"));
    line.0
}

fn add_processor(line: &mut Line, plan: &Plan) {
    let machine = match plan.architecture {
        Architecture::X86_64 => "q35",
        Architecture::Aarch64 if plan.vcpus > MOST_WITH_OLD_CONTROLLER => "virt,gic-version=3",
        Architecture::Aarch64 => "virt",
    };
    // A crash writes no memory of the guest to a disk.
    line.add("-machine", Value::of(machine).raw(",dump-guest-core=off"));
    line.add("-accel", Value::of(plan.acceleration.word()));
    line.add(
        "-cpu",
        Value::of(if plan.acceleration == Acceleration::Tcg { "max" } else { "host" }),
    );
    line.add("-smp", Value::of(&plan.vcpus.to_string()));
    line.add("-m", Value::of(&format!("{}M", plan.memory_mb)));
    if let Some(firmware) = &plan.firmware {
        line.flag("-bios").file(firmware);
    }
}

fn add_rights(line: &mut Line, plan: &Plan) {
    if plan.sandbox {
        line.add("-sandbox", Value::of(SANDBOX));
    }
    if let Rights::RootUntilRunning(Root { user, group, .. }) = &plan.rights {
        line.add("-run-with", Value::of(&format!("user={user}:{group}")));
        // sudo waits for its program, and QEMU leaves the terminal once it is ready.
        line.flag("-daemonize");
    }
}

fn add_disks(line: &mut Line, plan: &Plan) {
    // What the guest flushes is on the disk; the format is never guessed, since a guest can change what a raw
    // disk looks like.
    let options =
        format!(",if=none,id=disk0,format={},cache=writeback,discard=unmap", plan.disk.format);
    line.add("-drive", Value::of("file=").path(&plan.disk.path).raw(&options));
    line.add("-device", Value::of("virtio-blk-pci,drive=disk0,bootindex=0"));
    if let Some(seed) = &plan.seed {
        let options = ",if=none,id=seed0,format=raw,readonly=on";
        line.add("-drive", Value::of("file=").path(seed).raw(options));
        line.add("-device", Value::of("virtio-blk-pci,drive=seed0"));
    }
}

fn cable(cable: &Cable) -> Value {
    match cable {
        Cable::Tap { descriptor } => Value::of(&format!("tap,id=net0,fd={descriptor}")),
        Cable::VmnetBridged { interface } => {
            Value::of("vmnet-bridged,id=net0,ifname=").text(interface)
        }
        Cable::VmnetShared => Value::of("vmnet-shared,id=net0"),
    }
}

/// A socket that QEMU listens on, without waiting for a client.
fn socket(id: &str, path: &Path) -> Value {
    let start = Value::of("socket,id=").raw(id).raw(",path=");
    start.path(in_directory(path)).raw(",server=on,wait=off")
}

/// The arguments so far.
#[derive(Default)]
struct Line(Vec<OsString>);

impl Line {
    fn flag(&mut self, option: &str) -> &mut Self {
        self.0.push(option.into());
        self
    }

    /// A path that QEMU reads as it stands.
    fn file(&mut self, path: &Path) {
        self.0.push(path.into());
    }

    fn add(&mut self, option: &str, value: Value) {
        self.0.extend([option.into(), OsString::from_vec(value.0)]);
    }
}

/// An option's value, in which a comma of a text is doubled and so separates nothing.
struct Value(Vec<u8>);

impl Value {
    fn of(text: &str) -> Self {
        Self(text.into())
    }

    fn raw(mut self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn text(self, text: &str) -> Self {
        self.path(Path::new(text))
    }

    fn path(mut self, path: &Path) -> Self {
        let path: &OsStr = path.as_os_str();
        for byte in path.as_bytes() {
            self.0.push(*byte);
            if *byte == b',' {
                self.0.push(b',');
            }
        }
        self
    }
}
