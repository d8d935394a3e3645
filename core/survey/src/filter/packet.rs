//! The packets in question, octet by octet. What cannot be known of one beforehand is unknown.

use std::net::Ipv4Addr;

use vmkit_types::Mac;

use super::field::Header;

/// Octets before the options of a DHCP message, with the magic number.
const BEFORE_OPTIONS: usize = 240;
const BROADCAST: [u8; 6] = [255; 6];

/// A packet. Octets that are not known are `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub(crate) octets: Vec<Option<u8>>,
    /// It belongs to a connection that was seen before.
    pub(crate) established: bool,
}

/// A kind of DHCP message, by its option 53.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DhcpKind {
    /// A client asks for servers.
    Discover = 1,
    /// A server offers an address.
    Offer = 2,
    /// A server gives the address.
    Acknowledgement = 5,
}

fn known(octets: impl IntoIterator<Item = u8>) -> Vec<Option<u8>> {
    octets.into_iter().map(Some).collect()
}

fn address(address: Option<Ipv4Addr>) -> Vec<Option<u8>> {
    address.map_or(vec![None; 4], |address| known(address.octets()))
}

fn mac(mac: Option<Mac>) -> Vec<Option<u8>> {
    mac.map_or(vec![None; 6], |mac| known(mac.octets()))
}

impl Packet {
    /// A frame of this content. `None`: the MAC is not known.
    fn frame(
        to: Vec<Option<u8>>,
        from: Vec<Option<u8>>,
        kind: u16,
        content: Vec<Option<u8>>,
    ) -> Self {
        let octets = [to, from, known(kind.to_be_bytes()), content].concat();
        Self { octets, established: false }
    }

    fn ip(
        source: Option<Ipv4Addr>,
        destination: Option<Ipv4Addr>,
        protocol: u8,
    ) -> Vec<Option<u8>> {
        // Service, length, identification, flags, time to live and checksum are the sender's.
        let mut header = vec![Some(0x45)];
        header.extend([None; 5]);
        header.extend([Some(0), Some(0), None, Some(protocol), None, None]);
        [header, address(source), address(destination)].concat()
    }

    /// A DHCP message of a server or client. `client`: the client's MAC; `to_all`: by broadcast.
    fn dhcp(kind: DhcpKind, client: Option<Mac>, from: Option<Mac>, to_all: bool) -> Self {
        let asks = kind == DhcpKind::Discover;
        let (source, destination) = match (asks, to_all) {
            (true, _) => (Some(Ipv4Addr::UNSPECIFIED), Some(Ipv4Addr::BROADCAST)),
            (false, true) => (None, Some(Ipv4Addr::BROADCAST)),
            (false, false) => (None, None),
        };
        let ports: [u16; 2] = if asks { [68, 67] } else { [67, 68] };
        let mut message = known([if asks { 1 } else { 2 }, 1, 6, 0]);
        // The transaction, the seconds and the flags.
        message.extend([None; 8]);
        message.extend([Some(0); 4]);
        message.extend([asks.then_some(0); 12]);
        message.extend(mac(client));
        message.extend([Some(0); 10]);
        message.resize(BEFORE_OPTIONS - 4, None);
        message.extend(known([99, 130, 83, 99, 53, 1, kind as u8]));
        message.extend([None; 60]);
        let mut udp = known(ports.iter().flat_map(|port| port.to_be_bytes()));
        udp.extend([None; 4]);
        let to = if to_all { known(BROADCAST) } else { mac(client) };
        let content = [Self::ip(source, destination, 17), udp, message].concat();
        Self::frame(to, mac(from), 0x0800, content)
    }

    /// A DISCOVER of the client with this MAC.
    pub fn discover(client: Option<Mac>) -> Self {
        Self::dhcp(DhcpKind::Discover, client, client, true)
    }

    /// An OFFER or ACK to the client with this MAC.
    pub fn reply(kind: DhcpKind, client: Option<Mac>, from: Option<Mac>, to_all: bool) -> Self {
        Self::dhcp(kind, client, from, to_all)
    }

    /// The same IP packet to this MAC and address.
    #[must_use]
    pub fn to(mut self, mac: Mac, address: Ipv4Addr) -> Self {
        self.octets.splice(..6, known(mac.octets()));
        self.octets.splice(30..34, known(address.octets()));
        self
    }

    /// The same datagram between these ports.
    #[must_use]
    pub fn between(mut self, from: u16, to: u16) -> Self {
        let ports = known([from, to].iter().flat_map(|port| port.to_be_bytes()));
        self.octets.splice(34..38, ports);
        self
    }

    /// ARP: who has the address of this VM?
    pub fn arp_request(
        from: Option<Mac>,
        source: Option<Ipv4Addr>,
        wanted: Option<Ipv4Addr>,
    ) -> Self {
        let head = known([0, 1, 8, 0, 6, 4, 0, 1]);
        let content = [head, mac(from), address(source), known([0; 6]), address(wanted)].concat();
        Self::frame(known(BROADCAST), mac(from), 0x0806, content)
    }

    /// ARP: this MAC has the address.
    pub fn arp_reply(own: Mac, source: Option<Ipv4Addr>, to: Option<Mac>) -> Self {
        let head = known([0, 1, 8, 0, 6, 4, 0, 2]);
        let own = mac(Some(own));
        let content = [head, own.clone(), address(source), mac(to), address(None)].concat();
        Self::frame(mac(to), own, 0x0806, content)
    }

    /// The first packet of a connection to this TCP port.
    pub fn connection(ends: Ends, port: u16) -> Self {
        Self::tcp(ends, [None, Some(port)], 0x02)
    }

    /// The answer to the first packet of a connection from this TCP port.
    pub fn answer(ends: Ends, port: u16) -> Self {
        Self { established: true, ..Self::tcp(ends, [Some(port), None], 0x12) }
    }

    fn tcp(ends: Ends, ports: [Option<u16>; 2], flags: u8) -> Self {
        let mut tcp = Vec::new();
        for port in ports {
            tcp.extend(port.map_or(vec![None; 2], |port| known(port.to_be_bytes())));
        }
        tcp.extend([None; 8]);
        tcp.extend([None, Some(flags)]);
        tcp.extend([None; 6]);
        let content = [Self::ip(ends.source, ends.destination, 6), tcp].concat();
        Self::frame(mac(ends.to), mac(ends.from), 0x0800, content)
    }

    /// The octet at which a header begins. `None`: the packet has none.
    pub(crate) fn start(&self, header: Header) -> Option<usize> {
        let kind = (self.octets.get(12)?.as_ref()?, self.octets.get(13)?.as_ref()?);
        let is_ip = kind == (&8, &0);
        let protocol = is_ip.then(|| self.octets.get(23).copied().flatten()).flatten();
        let length = usize::from(self.octets.get(14).copied().flatten().unwrap_or(0x45) & 15) * 4;
        let content = 14;
        match header {
            Header::Ether => Some(0),
            Header::Network => Some(content),
            Header::Ip => is_ip.then_some(content),
            Header::Arp => (kind == (&8, &6)).then_some(content),
            Header::Udp => (protocol == Some(17)).then_some(content + length),
            Header::Tcp => (protocol == Some(6)).then_some(content + length),
            Header::Transport => matches!(protocol, Some(6 | 17)).then_some(content + length),
            Header::Ip6 | Header::Icmp | Header::Icmp6 | Header::Other => None,
        }
    }

    /// The number in these bits. `None`: part of them is not known.
    pub(crate) fn bits(&self, first: usize, count: usize) -> Option<u128> {
        let mut number = 0;
        for place in first..first + count {
            let octet = self.octets.get(place / 8).copied().flatten()?;
            number = number << 1 | u128::from(octet >> (7 - place % 8) & 1);
        }
        Some(number)
    }

    /// Replaces these bits by a number, or by what is not known.
    pub(crate) fn set_bits(&mut self, first: usize, count: usize, number: Option<u128>) {
        let end = first + count;
        for octet in first / 8..end.div_ceil(8) {
            let whole = octet * 8 >= first && octet * 8 + 8 <= end;
            let value = number.filter(|_| whole).map(|number| {
                let right = end - (octet * 8 + 8);
                u8::try_from(number >> right & 0xff).unwrap_or(0)
            });
            if let Some(place) = self.octets.get_mut(octet) {
                *place = value;
            }
        }
    }
}

/// Both ends of a connection, as far as they are known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends {
    /// The MAC that the frame comes from.
    pub from: Option<Mac>,
    /// The MAC that it goes to.
    pub to: Option<Mac>,
    /// The address that it comes from.
    pub source: Option<Ipv4Addr>,
    /// The address that it goes to.
    pub destination: Option<Ipv4Addr>,
}
