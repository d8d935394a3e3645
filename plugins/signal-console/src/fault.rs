//! Faults that keep a guest from the network.

/// A fault that a guest complains about. It becomes one observation, whose attribute `fault` is its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// There is no network card, or none with the configured name.
    NoNetworkCard,
    /// No DHCP client is installed.
    NoDhcpClient,
    /// The card has no link.
    LinkDown,
    /// The DHCP client drops packets with a wrong checksum.
    BadChecksums,
    /// The network settings are for a card with another MAC.
    OtherCard,
    /// The SSH server did not start.
    SshServerFailed,
    /// The boot stopped and waits for a person.
    BootGaveUp,
}

impl Fault {
    /// The value of the attribute `fault`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NoNetworkCard => "no-network-card",
            Self::NoDhcpClient => "no-dhcp-client",
            Self::LinkDown => "link-down",
            Self::BadChecksums => "bad-checksums",
            Self::OtherCard => "other-card",
            Self::SshServerFailed => "ssh-server-failed",
            Self::BootGaveUp => "boot-gave-up",
        }
    }
}

/// A complaint, with the line that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) fault: Fault,
    /// The line, bounded.
    pub(crate) line: String,
}
