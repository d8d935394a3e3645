//! A whole command line.

use vmkit_types::Forward;

use crate::{
    cards::{Cables, LineCard},
    channels::Channels,
    disks::Disks,
    options::{Options, kept},
};

/// What a command line says of its machine. Paths stand as they were given: a relative one begins in the
/// directory that QEMU was started in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The machine's name.
    pub name: Option<String>,
    /// Its UUID, as it was given.
    pub uuid: Option<String>,
    /// The type of machine, such as `q35`; `none` is a QEMU without a machine.
    pub machine: Option<String>,
    /// The network cards, in their order; at most 32.
    pub cards: Vec<LineCard>,
    /// The socket of the QMP monitor.
    pub qmp: Option<String>,
    /// The socket of the channel that QEMU's guest agent listens to.
    pub guest_agent: Option<String>,
    /// The file that the first serial port is written to.
    pub console: Option<String>,
    /// The files of the disks that the machine writes to; at most 64.
    pub disks: Vec<String>,
    /// Ports of this computer that QEMU's user network forwards to the machine; at most 64.
    pub forwards: Vec<Forward>,
    /// The file that QEMU writes its process number to.
    pub pid_file: Option<String>,
    /// Whether QEMU goes to the background, so that its directory is no longer the one that it was
    /// started in.
    pub in_background: bool,
}

impl CommandLine {
    /// Reads the arguments from the QEMU program on, whose index [`program`](crate::program) finds. The
    /// arguments before it belong to a wrapper, which may have opened the network.
    pub fn parse(arguments: &[String], program: usize) -> Self {
        let (wrapper, arguments) = arguments.split_at(program.min(arguments.len()));
        let mut parts = Parts {
            line: Self::default(),
            cables: Cables::new(wrapper),
            channels: Channels::default(),
            disks: Disks::default(),
        };
        // QEMU boots an image that stands without an option. Elsewhere it may be an option's value.
        parts.disks.add_image(arguments.get(1).filter(|first| !first.starts_with('-')));
        for (index, option) in arguments.iter().enumerate() {
            let Some(option) = option.strip_prefix('-') else { continue };
            let option = option.strip_prefix('-').unwrap_or(option);
            if option == "daemonize" {
                parts.line.in_background = true;
            } else if let Some(value) = arguments.get(index + 1) {
                parts.add(option, value);
            }
        }
        parts.joined()
    }
}

/// What is read so far.
struct Parts {
    line: CommandLine,
    cables: Cables,
    channels: Channels,
    disks: Disks,
}

impl Parts {
    fn add(&mut self, option: &str, value: &String) {
        match option {
            "uuid" => self.line.uuid = Some(kept(value)),
            "pidfile" => self.line.pid_file = Some(kept(value)),
            "serial" => self.channels.add_serial(value),
            "hda" | "hdb" | "hdc" | "hdd" => self.disks.add_image(Some(value)),
            option if HAVE_PARTS.contains(&option) => {
                self.add_options(option, &Options::parse(value));
            }
            _ => {}
        }
    }

    fn add_options(&mut self, option: &str, options: &Options) {
        match option {
            "name" => {
                let name = options.get("guest").unwrap_or(&options.kind);
                self.line.name = Some(kept(name)).filter(|name| !name.is_empty());
            }
            "machine" | "M" => self.line.machine = Some(kept(&options.kind)),
            "device" if options.get("mac").or(options.get("netdev")).is_some() => {
                self.cables.add_card(options.get("mac"), options.get("netdev"));
            }
            "device" => self.channels.add_device(options),
            "netdev" | "nic" | "net" => self.cables.add(option, options),
            "qmp" | "qmp-pretty" => self.channels.add_monitor(&options.kind),
            "mon" => self.channels.add_mon(options),
            "chardev" => self.channels.add_chardev(options),
            "drive" => self.disks.add_drive(options),
            "blockdev" => self.disks.add_node(options),
            _ => {}
        }
    }

    fn joined(self) -> CommandLine {
        let (cards, forwards) = self.cables.connected();
        CommandLine {
            cards,
            forwards,
            qmp: self.channels.monitor(),
            guest_agent: self.channels.guest_agent(),
            console: self.channels.console(),
            disks: self.disks.written(),
            ..self.line
        }
    }
}

/// The options whose value has parts.
const HAVE_PARTS: &[&str] = &[
    "M",
    "blockdev",
    "chardev",
    "device",
    "drive",
    "machine",
    "mon",
    "name",
    "net",
    "netdev",
    "nic",
    "qmp",
    "qmp-pretty",
];
