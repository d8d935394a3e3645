//! Names of files (Lima's package `filenames`).

/// The configuration of an instance.
pub(crate) const CONFIGURATION: &str = "lima.yaml";
/// How ssh reaches it, rewritten at each start.
pub(crate) const SSH: &str = "ssh.config";
/// The process of its host agent, which forwards ports.
pub(crate) const HOST_AGENT_PID: &str = "ha.pid";
/// Drivers; each keeps its process in a file of its name, such as `qemu.pid`.
pub(crate) const DRIVERS: [&str; 3] = ["vz", "qemu", "krunkit"];
/// The socket of QEMU's monitor.
pub(crate) const MONITOR: &str = "qmp.sock";
/// Its disk, with the changes to the image.
pub(crate) const DISK: &str = "diffdisk";
/// The networks of a home.
pub(crate) const NETWORKS: &str = "_config/networks.yaml";
/// The private key of a home.
pub(crate) const KEY: &str = "_config/user";

/// Serial consoles by what says most: on Virtualization.framework only the virtio console is written.
pub(crate) const CONSOLES: [&str; 3] = ["serialv.log", "serial.log", "serialp.log"];
/// The same for QEMU, where a guest's first console is the default one.
pub(crate) const QEMU_CONSOLES: [&str; 3] = ["serial.log", "serialp.log", "serialv.log"];
