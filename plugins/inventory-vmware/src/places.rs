//! Where VMware keeps things.

/// Where VMware keeps things.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// The library of the program's windows.
    pub library: &'static str,
    /// Usual folders of machines.
    pub machines: &'static [&'static str],
    /// Whether its networks are interfaces called `vmnet1` and `vmnet8`.
    pub has_vmnet_interfaces: bool,
}

/// On Linux.
pub const LINUX: Places = Places {
    library: "{home}/.vmware/inventory.vmls",
    machines: &[
        "{home}/vmware/*/*.vmx",
        "{home}/Virtual Machines/*/*.vmx",
        "{home}/Documents/Virtual Machines/*/*.vmx",
    ],
    has_vmnet_interfaces: true,
};

/// On macOS. Since version 12 Fusion's networks are those of macOS, whose interfaces have other names.
pub const MACOS: Places = Places {
    library: "{home}/Library/Application Support/VMware Fusion/vmInventory",
    machines: &[
        "{home}/Virtual Machines.localized/*/*.vmx",
        "{home}/Documents/Virtual Machines.localized/*/*.vmx",
    ],
    has_vmnet_interfaces: false,
};
