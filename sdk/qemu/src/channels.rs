//! Sockets and files that QEMU's character devices are connected to.

use crate::options::{Options, kept};

/// The name of the channel of QEMU's guest agent.
const GUEST_AGENT: &str = "org.qemu.guest_agent.0";

/// Devices of a guest's console: serial ports, and those of virtio, of IBM's POWER and of mainframes.
const CONSOLES: &[&str] =
    &["isa-serial", "pci-serial", "usb-serial", "virtconsole", "spapr-vty", "sclpconsole"];

/// Most character devices that are read.
const MOST_CHARDEVS: usize = 256;

/// A character device.
struct Chardev {
    id: String,
    /// The socket that it is.
    socket: Option<String>,
    /// The file that it writes to.
    file: Option<String>,
}

/// The character devices that are read so far, and who uses them.
#[derive(Default)]
pub(crate) struct Channels {
    chardevs: Vec<Chardev>,
    monitor: Option<String>,
    /// Ids of character devices.
    monitor_chardev: Option<String>,
    agent_chardev: Option<String>,
    console_chardev: Option<String>,
    /// Whether the first serial port has been read.
    has_serial: bool,
    /// The file that the first serial port is written to.
    serial_file: Option<String>,
}

impl Channels {
    pub(crate) fn add_chardev(&mut self, options: &Options) {
        let Some(id) = options.get("id").filter(|_| self.chardevs.len() < MOST_CHARDEVS) else {
            return;
        };
        let path = options.get("path").map(kept);
        let log = options.get("logfile").map(kept);
        let (socket, file) = match options.kind.as_str() {
            "socket" => (path, log),
            // libvirt hands over an open descriptor, which has no path.
            "file" => (None, path.filter(|path| !path.starts_with("/dev/fdset/"))),
            _ => (None, log),
        };
        self.chardevs.push(Chardev { id: id.to_owned(), socket, file });
    }

    /// The value of `-serial`. The first one is the console.
    pub(crate) fn add_serial(&mut self, value: &str) {
        if std::mem::replace(&mut self.has_serial, true) {
            return;
        }
        if let Some(id) = value.strip_prefix("chardev:") {
            self.console_chardev = Some(kept(id));
        }
        let file = value.strip_prefix("file:");
        self.serial_file = file.map(|path| kept(&path.replace(",,", ",")));
    }

    /// The value of `-qmp` without its options.
    pub(crate) fn add_monitor(&mut self, kind: &str) {
        if self.monitor.is_none() {
            self.monitor = kind.strip_prefix("unix:").map(kept);
        }
    }

    /// The value of `-mon`.
    pub(crate) fn add_mon(&mut self, options: &Options) {
        if self.monitor_chardev.is_none() && options.get("mode") == Some("control") {
            self.monitor_chardev = Some(kept(options.get("chardev").unwrap_or(&options.kind)));
        }
    }

    /// The value of `-device` for a device that is no network card.
    pub(crate) fn add_device(&mut self, options: &Options) {
        let Some(chardev) = options.get("chardev").map(kept) else { return };
        if options.get("name") == Some(GUEST_AGENT) {
            self.agent_chardev = Some(chardev);
        } else if CONSOLES.contains(&options.kind.as_str()) && self.console_chardev.is_none() {
            self.console_chardev = Some(chardev);
        }
    }

    pub(crate) fn monitor(&self) -> Option<String> {
        self.monitor.clone().or_else(|| self.of(self.monitor_chardev.as_deref())?.socket.clone())
    }

    pub(crate) fn guest_agent(&self) -> Option<String> {
        self.of(self.agent_chardev.as_deref())?.socket.clone()
    }

    pub(crate) fn console(&self) -> Option<String> {
        let of_chardev = || self.of(self.console_chardev.as_deref())?.file.clone();
        self.serial_file.clone().or_else(of_chardev)
    }

    fn of(&self, id: Option<&str>) -> Option<&Chardev> {
        self.chardevs.iter().find(|chardev| Some(chardev.id.as_str()) == id)
    }
}
