//! The drivers of minikube whose nodes are VMs.

/// What the machines of a driver have.
pub(crate) struct Driver {
    pub(crate) name: &'static str,
    /// The disk in the machine's folder, where `NAME` is the machine's name.
    pub(crate) disk: Option<&'static str>,
    /// The file in the machine's folder that the console is written to.
    pub(crate) console: Option<&'static str>,
    /// The socket of QEMU's monitor in the machine's folder.
    pub(crate) monitor: Option<&'static str>,
    /// Pointers to the MACs in the driver's settings, one for each card. A card of a driver whose settings
    /// have no MAC is one pointer to nothing.
    pub(crate) macs: &'static [&'static str],
}

const NONE: Driver = Driver { name: "", disk: None, console: None, monitor: None, macs: &[] };

/// The drivers: packages of `pkg/drivers` and `pkg/minikube/registry/drvs`.
pub(crate) const DRIVERS: &[Driver] = &[
    Driver {
        name: "qemu2",
        disk: Some("disk.qcow2"),
        monitor: Some("monitor"),
        macs: &["/MACAddress"],
        ..NONE
    },
    Driver { name: "kvm2", disk: Some("NAME.rawdisk"), macs: &["/MAC", "/PrivateMAC"], ..NONE },
    Driver {
        name: "vfkit",
        disk: Some("disk.img"),
        console: Some("serial.log"),
        macs: &["/MACAddress"],
        ..NONE
    },
    Driver {
        name: "krunkit",
        disk: Some("disk.img"),
        console: Some("serial.log"),
        macs: &["/MACAddress"],
        ..NONE
    },
    // The hypervisor makes the MAC out of its UUID.
    Driver { name: "hyperkit", disk: Some("NAME.rawdisk"), macs: &[""], ..NONE },
    Driver { name: "virtualbox", disk: Some("disk.vmdk"), ..NONE },
    Driver { name: "vmware", disk: Some("NAME.vmdk"), ..NONE },
    Driver { name: "parallels", disk: Some("disk.hdd"), ..NONE },
];
