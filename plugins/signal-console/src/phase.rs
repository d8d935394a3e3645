//! How far a boot came.

use std::fmt;

/// The phases of a boot, earliest first. The last one that the log shows counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The log shows no phase.
    #[default]
    None,
    /// Firmware or a boot loader.
    Firmware,
    /// The kernel runs.
    Kernel,
    /// The initial file system runs.
    Initramfs,
    /// The network is being set up.
    Network,
    /// A DHCP client asked, or got an answer.
    Dhcp,
    /// The guest gave itself an address of 169.254.0.0/16.
    LinkLocal,
    /// A login prompt.
    Login,
    /// The SSH server runs.
    Ssh,
    /// The kernel panicked.
    Panic,
}

impl Phase {
    /// The value of the attribute `phase`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Firmware => "firmware",
            Self::Kernel => "kernel",
            Self::Initramfs => "initramfs",
            Self::Network => "network",
            Self::Dhcp => "dhcp",
            Self::LinkLocal => "link-local",
            Self::Login => "login",
            Self::Ssh => "ssh",
            Self::Panic => "panic",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "the console shows nothing of the last boot",
            Self::Firmware => "the last boot has come as far as the firmware",
            Self::Kernel => "the last boot has come as far as the kernel",
            Self::Initramfs => "the last boot has come as far as the initramfs",
            Self::Network => "the last boot has come as far as setting up the network",
            Self::Dhcp => "the last boot has come as far as DHCP",
            Self::LinkLocal => "the last boot has come as far as a link-local address",
            Self::Login => "the last boot has come as far as the login prompt",
            Self::Ssh => "the last boot has come as far as the SSH server",
            Self::Panic => "the kernel has panicked",
        })
    }
}
