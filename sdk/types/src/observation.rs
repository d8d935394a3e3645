//! What a signal plugin reports.

use std::{net::IpAddr, time::Duration};

use crate::{Mac, Unread, bounded};

/// Names of the attributes that the host understands.
pub mod attribute {
    /// Name of the host's interface on which the observation was made.
    pub const INTERFACE: &str = "interface";
    /// The first line that a server sent.
    pub const BANNER: &str = "banner";
    /// Round-trip time in microseconds.
    pub const RTT_US: &str = "rtt-us";
    /// Of `unread`: `not-tried`, `denied`, `timed-out`, `malformed`, `unsupported` or `failed`.
    pub const REASON: &str = "reason";
    /// Of `unread`: what could not be read, where it is [`CONSOLE`], [`LOCAL_NETWORK`] or
    /// [`EMPTY_TABLE`].
    pub const SOURCE: &str = "source";
    /// The value of [`SOURCE`] for a console log.
    pub const CONSOLE: &str = "console";
    /// The value of [`SOURCE`] for an address that the system keeps this program from.
    pub const LOCAL_NETWORK: &str = "local-network";
    /// The value of [`SOURCE`] for a neighbour table that names nobody, not even the router.
    pub const EMPTY_TABLE: &str = "empty-table";
    /// Of `bridge-port` and `bridge-address`: name of the bridge; [`INTERFACE`] is its port.
    pub const BRIDGE: &str = "bridge";
    /// Of a probe that failed: the number of the system's error.
    pub const ERRNO: &str = "errno";
    /// Of a probe that failed: microseconds from its start to the error.
    pub const AFTER_US: &str = "after-us";
    /// Of a probe that failed: whether root sent it, `true` or `false`, where the system treats root
    /// differently.
    pub const AS_ROOT: &str = "as-root";
    /// Prefix length of the address, where its source names one.
    pub const PREFIX: &str = "prefix";
    /// Address of the DHCP server or router, where the source names one.
    pub const SERVER: &str = "server";
    /// Of `console-phase`: how far the boot has come, as a code such as `dhcp` or `panic`.
    pub const PHASE: &str = "phase";
    /// Of `console-phase`: how many boots the console's log shows.
    pub const BOOTS: &str = "boots";
    /// Of `console-phase`: the kernel's last time stamp, in whole seconds since its start.
    pub const KERNEL_S: &str = "kernel-s";
    /// Of `console-phase`: `finished` if the console shows the end of the boot, or `refused` if it says that
    /// users cannot log in yet.
    pub const LOGINS: &str = "logins";
    /// Of `console-phase`: the guest's own name of the machine's card, where the console shows one.
    pub const GUEST_CARD: &str = "guest-card";
    /// Of `console-fault`: the guest's complaint, as a code such as `no-network-card`.
    pub const FAULT: &str = "fault";
    /// Of a lease: the client identifier that the server knows the machine by, in hexadecimal.
    pub const CLIENT_ID: &str = "client-id";
    /// The MACs of all that answered a probe, separated by commas. Without it, others may hold the
    /// address too.
    pub const MACS: &str = "macs";
    /// Of `neighbour-other-mac`: how many addresses the neighbour table has on the MAC, if several.
    pub const ADDRESSES: &str = "addresses";
    /// Time to live that the source gives, in seconds.
    pub const TTL_S: &str = "ttl-s";
    /// Of `icmp-reply`: what became of echoes as large as the link carries, `passed` or `lost`. Without it
    /// none was sent, or it is not known.
    pub const LARGE: &str = "large";
    /// The key that an SSH server proved to hold, such as `ssh-ed25519 AAAA…`.
    pub const HOST_KEY: &str = "host-key";
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The kind of an observation. Its code is the key of the weight table, so a new kind is a row
        /// of data. Codes that this version does not know are kept.
        ///
        /// ```
        /// use vmkit_types::Kind;
        ///
        /// assert_eq!(Kind::from_code("arp-reply"), Kind::ArpReply);
        /// // A kind that a plugin has declared for itself.
        /// assert_eq!(Kind::from_code("netbox.address").plugin(), Some("netbox"));
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
            /// A kind that this version does not know; its code.
            Other(String),
        }

        impl Kind {
            /// Every kind that this version knows.
            pub const NAMED: &[Self] = &[$(Self::$name),*];

            /// The code in weights, wire frames and snapshots.
            pub fn code(&self) -> &str {
                match self {
                    $(Self::$name => $code,)*
                    Self::Other(code) => code,
                }
            }

            /// The index in [`Kind::NAMED`]; `None`: this version does not know the kind.
            pub fn number(&self) -> Option<usize> {
                enum Named { $($name),* }
                match self {
                    $(Self::$name => Some(Named::$name as usize),)*
                    Self::Other(_) => None,
                }
            }

            /// The kind with this code.
            pub fn from_code(code: &str) -> Self {
                match code {
                    $($code => Self::$name,)*
                    _ => Self::Other(bounded(code, Self::LONGEST_CODE).to_owned()),
                }
            }
        }
    };
}

impl Kind {
    /// Most bytes of a code.
    pub const LONGEST_CODE: usize = 64;

    /// The id of the plugin whose own kind this is, which its manifest declares under `evidence`:
    /// the part of the code before the first dot. No kind of vmkit has one.
    pub fn plugin(&self) -> Option<&str> {
        match self {
            Self::Other(code) => code.split_once('.').map(|(plugin, _)| plugin),
            _ => None,
        }
    }
}

kinds! {
    /// The kernel has just confirmed this address on this MAC (REACHABLE).
    NeighbourReachable = "neighbour-reachable",
    /// The kernel once saw this address on this MAC (STALE, DELAY, PROBE).
    NeighbourStale = "neighbour-stale",
    /// The neighbour table has this address on this MAC and does not say how fresh it is.
    NeighbourCached = "neighbour-cached",
    /// A person or program entered this address on this MAC (PERMANENT, NOARP).
    NeighbourPermanent = "neighbour-permanent",
    /// A candidate address is held by a MAC that is not the machine's; `mac` is that MAC.
    NeighbourOtherMac = "neighbour-other-mac",
    /// The kernel asked for a candidate address and nobody answered (FAILED).
    NeighbourFailed = "neighbour-failed",
    /// A bridge of the host translates the machine's MAC for this address, as macOS does over Wi-Fi.
    BridgeAddress = "bridge-address",
    /// Frames of the machine's MAC come in at a port of one of the host's bridges. Without address.
    BridgePort = "bridge-port",
    /// The machine's console printed this address as its own, in its last boot.
    ConsoleAddress = "console-address",
    /// The machine's console says that DHCP gave no address; the observation has none.
    ConsoleNoLease = "console-no-lease",
    /// The machine's console shows how far its boot came; `says` names the phase.
    ConsolePhase = "console-phase",
    /// The machine's console complains of something that keeps it from the network, in its last boot:
    /// `fault` is `no-network-card`, `no-dhcp-client`, `link-down` or `ssh-server-failed`. Without
    /// address.
    ConsoleFault = "console-fault",
    /// A server on the SSH port sent an SSH banner.
    SshReady = "ssh-ready",
    /// The server on the SSH port proved to hold a key that the machine is known by.
    SshHostKey = "ssh-host-key",
    /// The server on the SSH port proved to hold a key, and it is not the machine's.
    SshOtherHostKey = "ssh-other-host-key",
    /// The server on the SSH port proved to hold a key that distinguishes nobody: no key of the
    /// machine is known, or others have this one, too.
    SshNewHostKey = "ssh-new-host-key",
    /// The SSH port accepts connections and does not speak SSH.
    SshNoBanner = "ssh-no-banner",
    /// The machine at the address refused the connection: it is there, an SSH server is not.
    SshRefused = "ssh-refused",
    /// No answer from the SSH port before the deadline.
    SshTimeout = "ssh-timeout",
    /// The host cannot reach the address, or nobody answers for it on the link.
    SshUnreachable = "ssh-unreachable",
    /// A captured DHCP server acknowledged this address to the machine's MAC.
    DhcpAck = "dhcp-ack",
    /// A lease that is in force gives this address to the machine.
    LeaseCurrent = "lease-current",
    /// A lease that has ended gave this address to the machine.
    LeaseExpired = "lease-expired",
    /// A lease in force names the machine, and not its MAC.
    LeaseName = "lease-name",
    /// The leases were read, and none is the machine's. Without address.
    LeaseNone = "lease-none",
    /// The guest agent names this address on the machine's own card.
    AgentAddress = "agent-address",
    /// A DNS server or mDNS responder gives this address for the machine's name.
    DnsAddress = "dns-address",
    /// The machine's MAC has just answered ARP for this address.
    ArpReply = "arp-reply",
    /// Another host beside the machine has just answered ARP for this address, too; `mac` is the
    /// other host's, and the attribute `macs` has all.
    ArpDuplicate = "arp-duplicate",
    /// Nobody has just answered several ARP requests for this address.
    ArpSilent = "arp-silent",
    /// Somebody at the address answered an ICMP echo.
    IcmpReply = "icmp-reply",
    /// Nobody at the address answered an ICMP echo before the deadline.
    IcmpSilent = "icmp-silent",
    /// The machine's manager has written this address down for it. Only vmkit itself reports it, for the
    /// machines that inventories list.
    ManagerAddress = "manager-address",
    /// The source could not be read for this machine; the reason is in the attributes.
    Unread = "unread",
}

/// One thing that a signal reports about one machine of the batch.
///
/// ```
/// use vmkit_types::{Kind, Observation, attribute};
///
/// let seen = Observation::new(0, Kind::LeaseCurrent, "a lease of 192.168.1.64")
///     .at([192, 168, 1, 64])
///     .with(attribute::SERVER, "192.168.1.1");
/// assert_eq!(seen.attribute("server"), Some("192.168.1.1"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Index of the machine in the batch.
    pub vm: usize,
    /// Its kind.
    pub kind: Kind,
    /// The address that it is about.
    pub address: Option<IpAddr>,
    /// The MAC that the source names beside the address.
    pub mac: Option<Mac>,
    /// How old it was when it was read. `None`: the source does not say.
    pub age: Option<Duration>,
    /// The observation in plain words: "REACHABLE with the VM's MAC on br0".
    pub says: String,
    /// Further details by name, see [`attribute`].
    pub attributes: Vec<(String, String)>,
}

impl Observation {
    /// An observation about machine `vm` of the batch, in plain words.
    pub fn new(vm: usize, kind: Kind, says: impl Into<String>) -> Self {
        Self {
            vm,
            kind,
            address: None,
            mac: None,
            age: None,
            says: says.into(),
            attributes: Vec::new(),
        }
    }

    /// The source could not be read for this machine.
    pub fn unread(vm: usize, why: &Unread) -> Self {
        Self::new(vm, Kind::Unread, why.to_string()).with(attribute::REASON, why.code())
    }

    /// There was nothing to look at for this machine; `what` says what it lacks, such as a console
    /// log. That no address was found then says nothing.
    pub fn nothing_to_look_at(vm: usize, what: impl Into<String>) -> Self {
        Self::new(vm, Kind::Unread, what).with(attribute::REASON, "not-tried")
    }

    /// The same observation, about this address.
    #[must_use]
    pub fn at(mut self, address: impl Into<IpAddr>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// The same observation, with this MAC.
    #[must_use]
    pub fn on_mac(mut self, mac: Mac) -> Self {
        self.mac = Some(mac);
        self
    }

    /// The same observation, this old.
    #[must_use]
    pub fn aged(mut self, age: Duration) -> Self {
        self.age = Some(age);
        self
    }

    /// The same observation with one more attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// The attribute of this name, if there is one.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_kind_survives_its_code() {
        for kind in Kind::NAMED {
            assert_eq!(&Kind::from_code(kind.code()), kind);
            assert_eq!(kind.number().and_then(|number| Kind::NAMED.get(number)), Some(kind));
        }
        assert_eq!(Kind::from_code("tomorrow").code(), "tomorrow");
    }

    #[test]
    fn only_a_kind_of_a_plugin_has_a_dot() {
        assert!(Kind::NAMED.iter().all(|kind| !kind.code().contains('.')));
        assert!(Kind::NAMED.iter().all(|kind| kind.plugin().is_none()));
        let rows = [("netbox.address", Some("netbox")), ("a.b.c", Some("a")), ("tomorrow", None)];
        for (code, plugin) in rows {
            assert_eq!(Kind::from_code(code).plugin(), plugin, "{code}");
        }
    }
}
