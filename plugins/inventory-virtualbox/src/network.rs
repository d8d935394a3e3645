//! Network cards of a `.vbox` file, and the ports that are forwarded to them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use vmkit_formats::xml::Element;
use vmkit_listing::card_mac;
use vmkit_plugin::{Forward, NetworkMode, Protocol, SubjectCard, Unread, bounded, escaped};

/// Most cards that are read: VirtualBox has 36 at most.
const MOST_CARDS: usize = 36;

/// Most forwarded ports of a machine that are read.
const MOST_FORWARDS: usize = 64;

/// The ways to attach a card: the element, how the host reaches it, and whether `name` in the element is
/// an interface of the host. Machines of an internal network reach each other alone, and those of a NAT
/// network and the card's own NAT are behind VirtualBox's own network stack.
const ATTACHMENTS: &[(&str, Option<NetworkMode>, bool)] = &[
    ("NAT", Some(NetworkMode::User), false),
    ("NATNetwork", Some(NetworkMode::User), false),
    ("BridgedInterface", Some(NetworkMode::Bridged), true),
    ("HostOnlyInterface", Some(NetworkMode::Shared), true),
    ("HostOnlyNetwork", Some(NetworkMode::Shared), false),
    ("InternalNetwork", None, false),
    ("GenericInterface", None, false),
    ("CloudNetwork", None, false),
];

/// The cards that are switched on, in their order.
pub(crate) fn cards(adapters: &[&Element], file: &str) -> Result<Vec<SubjectCard>, Unread> {
    enabled(adapters).map(|adapter| card(adapter, file)).collect()
}

/// The ports that NAT forwards to the machine.
pub(crate) fn forwards(adapters: &[&Element], file: &str) -> Result<Vec<Forward>, Unread> {
    let rules = enabled(adapters).flat_map(|adapter| adapter.all("NAT/Forwarding"));
    rules.take(MOST_FORWARDS).map(|rule| forward(rule, file)).collect()
}

fn enabled<'a>(adapters: &[&'a Element]) -> impl Iterator<Item = &'a Element> {
    let on = |adapter: &&Element| adapter.attribute("enabled") == Some("true");
    adapters.iter().copied().filter(on).take(MOST_CARDS)
}

fn card(adapter: &Element, file: &str) -> Result<SubjectCard, Unread> {
    let slot = format!("adapter {}", bounded(adapter.attribute("slot").unwrap_or("?"), 4));
    let mac = adapter.attribute("MACAddress").map(|mac| card_mac(file, &slot, mac)).transpose()?;
    let attached = ATTACHMENTS
        .iter()
        .find_map(|(name, mode, is_interface)| Some((adapter.child(name)?, *mode, *is_interface)));
    let Some((attachment, mode, is_interface)) = attached else {
        return Ok(SubjectCard { mac, ..SubjectCard::default() });
    };
    // macOS shows interfaces as `en0: Wi-Fi (AirPort)`.
    let interface = attachment.attribute("name").filter(|_| is_interface);
    let interface = interface.and_then(|name| name.split(':').next()).map(str::to_owned);
    Ok(SubjectCard { mac, mode, interface, port: None })
}

/// One rule. `proto` is 1 for TCP, 0 for UDP; without `hostip` all addresses of this computer listen.
fn forward(rule: &Element, file: &str) -> Result<Forward, Unread> {
    let value = |name: &str| rule.attribute(name).filter(|value| !value.is_empty());
    let read = || {
        let host =
            value("hostip").map_or(Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), str::parse).ok()?;
        let port = |name| value(name)?.parse().ok().filter(|port: &u16| *port != 0);
        Some(Forward {
            protocol: if value("proto")? == "0" { Protocol::Udp } else { Protocol::Tcp },
            listens: SocketAddr::new(host, port("hostport")?),
            guest_address: value("guestip").map(str::parse).transpose().ok()?,
            guest_port: port("guestport")?,
        })
    };
    let name = || escaped(bounded(rule.attribute("name").unwrap_or_default(), 40));
    let malformed =
        || Unread::Malformed(format!("{file}: the forwarded port `{}` is incomplete", name()));
    read().ok_or_else(malformed)
}
