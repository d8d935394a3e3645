//! What a rule can ask of a packet.

/// A header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    Ether,
    Ip,
    Ip6,
    Arp,
    Udp,
    Tcp,
    Icmp,
    Icmp6,
    /// IP or ARP.
    Network,
    /// UDP or TCP.
    Transport,
    /// A header that none of the packets in question has.
    Other,
}

/// Something that is known of a packet, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Name of the interface that it came in by.
    Input,
    /// Name of the interface that it leaves by.
    Output,
    /// The bridge of the input, and of the output.
    InputBridge,
    OutputBridge,
    /// The port that a bridged frame came in by, and leaves by, as the IP filter sees it.
    PhysicalInput,
    PhysicalOutput,
    /// Bits of a header: their offset and number.
    Bits(Header, u16, u16),
    /// The type of the frame's content.
    Protocol,
    /// The number of the transport protocol.
    Transport,
    /// The family of the filter that sees it.
    FilterFamily,
    /// Broadcast, multicast, or to this computer.
    PacketType,
    Mark,
    ConnectionState,
    ConnectionMark,
    /// Whether an address of its connection was replaced.
    ConnectionStatus,
    /// What an address is to this computer.
    DestinationType,
    SourceType,
    /// What nobody can know beforehand.
    Unknowable,
}

impl Field {
    /// The field with this protocol and name of nftables.
    pub(crate) fn of_header(protocol: &str, name: &str) -> Self {
        use Header::{Arp, Ether, Icmp, Icmp6, Ip, Ip6, Tcp, Transport, Udp};
        let (header, offset, length) = match (protocol, name) {
            ("ether", "daddr") => (Ether, 0, 48),
            ("ether", "saddr") => (Ether, 48, 48),
            ("ether", "type") => return Self::Protocol,
            ("ip", "version") => (Ip, 0, 4),
            ("ip", "hdrlength") => (Ip, 4, 4),
            ("ip", "dscp") => (Ip, 8, 6),
            ("ip", "ecn") => (Ip, 14, 2),
            ("ip", "length") => (Ip, 16, 16),
            ("ip", "id") => (Ip, 32, 16),
            ("ip", "frag-off") => (Ip, 48, 16),
            ("ip", "ttl") => (Ip, 64, 8),
            ("ip", "protocol") => (Ip, 72, 8),
            ("ip", "checksum") => (Ip, 80, 16),
            ("ip", "saddr") => (Ip, 96, 32),
            ("ip", "daddr") => (Ip, 128, 32),
            ("ip6", "nexthdr") => (Ip6, 48, 8),
            ("ip6", "hoplimit") => (Ip6, 56, 8),
            ("ip6", "saddr") => (Ip6, 64, 128),
            ("ip6", "daddr") => (Ip6, 192, 128),
            ("arp", "htype") => (Arp, 0, 16),
            ("arp", "ptype") => (Arp, 16, 16),
            ("arp", "hlen") => (Arp, 32, 8),
            ("arp", "plen") => (Arp, 40, 8),
            ("arp", "operation") => (Arp, 48, 16),
            ("arp", "saddr ether") => (Arp, 64, 48),
            ("arp", "saddr ip") => (Arp, 112, 32),
            ("arp", "daddr ether") => (Arp, 144, 48),
            ("arp", "daddr ip") => (Arp, 192, 32),
            ("udp", "sport") => (Udp, 0, 16),
            ("udp", "dport") => (Udp, 16, 16),
            ("udp", "length") => (Udp, 32, 16),
            ("udp", "checksum") => (Udp, 48, 16),
            ("tcp", "sport") => (Tcp, 0, 16),
            ("tcp", "dport") => (Tcp, 16, 16),
            ("tcp", "flags") => (Tcp, 104, 8),
            ("th", "sport") => (Transport, 0, 16),
            ("th", "dport") => (Transport, 16, 16),
            ("icmp", _) => (Icmp, 0, 8),
            ("icmpv6", _) => (Icmp6, 0, 8),
            ("ip6" | "ip" | "arp" | "udp" | "tcp" | "th" | "ether", _) => return Self::Unknowable,
            // No packet in question is an IGMP, SCTP, … one, or has a VLAN's tag.
            _ => (Header::Other, 0, 8),
        };
        Self::Bits(header, offset, length)
    }

    /// The field with this `meta` key.
    pub(crate) fn of_meta(key: &str) -> Self {
        match key {
            "iifname" | "iif" => Self::Input,
            "oifname" | "oif" => Self::Output,
            "ibrname" => Self::InputBridge,
            "obrname" => Self::OutputBridge,
            "protocol" => Self::Protocol,
            "l4proto" => Self::Transport,
            "nfproto" => Self::FilterFamily,
            "pkttype" => Self::PacketType,
            "mark" => Self::Mark,
            _ => Self::Unknowable,
        }
    }

    /// The field with this `ct` key.
    pub(crate) fn of_connection(key: &str) -> Self {
        match key {
            "state" => Self::ConnectionState,
            "mark" => Self::ConnectionMark,
            "status" => Self::ConnectionStatus,
            _ => Self::Unknowable,
        }
    }

    /// The field that `fib` looks up by these flags.
    pub(crate) fn of_route(flags: &[&str], result: &str) -> Self {
        match (flags, result) {
            (["daddr"], "type") => Self::DestinationType,
            (["saddr"], "type") => Self::SourceType,
            _ => Self::Unknowable,
        }
    }

    /// Whether its values are sets of bits, so that naming one asks whether it is among them.
    pub(crate) fn is_mask(self) -> bool {
        matches!(
            self,
            Self::ConnectionState | Self::ConnectionStatus | Self::Bits(Header::Tcp, 104, 8)
        )
    }

    /// The number of a named constant of this field.
    pub(crate) fn constant(self, name: &str) -> Option<u128> {
        let all: &[(&str, u128)] = match self {
            Self::ConnectionState | Self::ConnectionStatus => &CONNECTION,
            Self::Protocol | Self::Bits(Header::Arp, 16, 16) => &CONTENTS,
            Self::FilterFamily => &FAMILIES,
            Self::PacketType => &PACKET_TYPES,
            Self::DestinationType | Self::SourceType => &ADDRESS_TYPES,
            Self::Bits(Header::Arp, 48, 16) => &ARP_OPERATIONS,
            Self::Bits(Header::Tcp, 104, 8) => &TCP_FLAGS,
            Self::Transport | Self::Bits(Header::Ip, 72, 8) | Self::Bits(Header::Ip6, 48, 8) => {
                &TRANSPORTS
            }
            Self::Bits(Header::Udp | Header::Tcp | Header::Transport, 0 | 16, 16) => &SERVICES,
            _ => return None,
        };
        numbered(all, name)
    }
}

/// The number with this name.
fn numbered(all: &[(&str, u128)], name: &str) -> Option<u128> {
    all.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

/// The number of a transport protocol.
pub(crate) fn transport(name: &str) -> Option<u128> {
    numbered(&TRANSPORTS, name)
}

/// The bits of a connection's state. iptables asks for the last two as if they were states: bits that no
/// state has.
const CONNECTION: [(&str, u128); 7] = [
    ("invalid", 1),
    ("established", 2),
    ("related", 4),
    ("new", 8),
    ("untracked", 64),
    ("snat", 1 << 20),
    ("dnat", 1 << 21),
];
const CONTENTS: [(&str, u128); 8] = [
    ("ip", 0x0800),
    ("ipv4", 0x0800),
    ("arp", 0x0806),
    ("rarp", 0x8035),
    ("vlan", 0x8100),
    ("8021q", 0x8100),
    ("ip6", 0x86dd),
    ("ipv6", 0x86dd),
];
const FAMILIES: [(&str, u128); 2] = [("ipv4", 2), ("ipv6", 10)];
const PACKET_TYPES: [(&str, u128); 5] =
    [("host", 0), ("unicast", 0), ("broadcast", 1), ("multicast", 2), ("other", 3)];
const ADDRESS_TYPES: [(&str, u128); 5] =
    [("unicast", 1), ("local", 2), ("broadcast", 3), ("anycast", 4), ("multicast", 5)];
const ARP_OPERATIONS: [(&str, u128); 2] = [("request", 1), ("reply", 2)];
const TCP_FLAGS: [(&str, u128); 8] = [
    ("fin", 1),
    ("syn", 2),
    ("rst", 4),
    ("psh", 8),
    ("ack", 16),
    ("urg", 32),
    ("ecn", 64),
    ("cwr", 128),
];
/// /etc/protocols
const TRANSPORTS: [(&str, u128); 14] = [
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmpv6", 58),
    ("ipv6-icmp", 58),
    ("icmp6", 58),
    ("ospf", 89),
    ("sctp", 132),
    ("udplite", 136),
];
/// The ports whose names tools print for the packets in question (/etc/services).
const SERVICES: [(&str, u128); 6] =
    [("ssh", 22), ("domain", 53), ("bootps", 67), ("bootpc", 68), ("http", 80), ("https", 443)];

impl Field {
    /// Bits from the beginning of a layer: of the link, of the network, or of the transport.
    pub(crate) fn raw(base: &str, offset: u16, length: u16) -> Self {
        match base {
            "ll" => Self::Bits(Header::Ether, offset, length),
            "nh" => Self::Bits(Header::Network, offset, length),
            "th" => Self::Bits(Header::Transport, offset, length),
            _ => Self::Unknowable,
        }
    }
}
