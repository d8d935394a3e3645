//! The kernel's choice of a route to an address, by routing netlink.

use std::{
    fmt::Write as _,
    io,
    net::IpAddr,
    time::{Duration, Instant},
};

use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    route::{RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteType},
};
use rustix::{io::Errno, net::netdevice::index_to_name};
use vmkit_netlink::RouteSocket;
use vmkit_types::{Reading, Unread};

use crate::linux_file::unread;

/// How long the kernel may take for all addresses. It answers each in microseconds, but another program
/// may hold its lock of all interfaces.
const PATIENCE: Duration = Duration::from_secs(1);
/// Most addresses that are asked for.
const MOST_ROUTES: usize = 512;
/// The routing table that needs no mention.
const MAIN: u32 = RouteHeader::RT_TABLE_MAIN as u32;

/// The routes in the form of `ip route get`, one on each line.
pub(crate) fn routes_to(addresses: &[IpAddr]) -> Reading<String> {
    match ask(addresses) {
        Ok(text) => Reading::Known(text),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Reading::Unknown(Unread::TimedOut),
        Err(error) => Reading::Unknown(unread("ask the kernel for routes", &error)),
    }
}

fn ask(addresses: &[IpAddr]) -> io::Result<String> {
    let mut socket = RouteSocket::open()?;
    let addresses = addresses.get(..MOST_ROUTES).unwrap_or(addresses);
    let mut answers = Vec::with_capacity(addresses.len());
    let deadline = Instant::now() + PATIENCE;
    let asked = |at: usize| request(addresses[at]);
    socket.ask_each(addresses.len(), asked, deadline, |at, answer| {
        answers.push((at, answer.and_then(|part| part.parsed())));
    })?;
    answers.sort_by_key(|(at, _)| *at);
    let name = |index| index_to_name(&socket, index).ok();
    let lines = answers.into_iter().filter_map(|(at, answer)| match answer {
        Ok(RouteNetlinkMessage::NewRoute(route)) => line(addresses[at], &route, name),
        Ok(_) => None,
        Err(error) => {
            refusal(error.raw_os_error()?).map(|kind| format!("{kind} {}", addresses[at]))
        }
    });
    Ok(lines.flat_map(|line| [line, "\n".to_owned()]).collect())
}

fn request(address: IpAddr) -> RouteNetlinkMessage {
    let mut route = RouteMessage::default();
    let v4 = address.is_ipv4();
    route.header.address_family = if v4 { AddressFamily::Inet } else { AddressFamily::Inet6 };
    route.header.destination_prefix_length = if v4 { 32 } else { 128 };
    // Otherwise the kernel names the main table whatever table has the route.
    route.header.flags = RouteFlags::LookupTable;
    route.attributes.push(RouteAttribute::Destination(RouteAddress::from(address)));
    RouteNetlinkMessage::GetRoute(route)
}

/// The kind of route that this error stands for; `None`: the kernel did not look.
fn refusal(errno: i32) -> Option<&'static str> {
    let is = |error: Errno| error.raw_os_error() == errno;
    if is(Errno::NETUNREACH) || is(Errno::HOSTUNREACH) {
        Some("unreachable")
    } else if is(Errno::ACCESS) {
        Some("prohibit")
    } else if is(Errno::INVAL) {
        Some("blackhole")
    } else {
        None
    }
}

/// The route as `ip route get` writes it.
fn line(
    address: IpAddr,
    route: &RouteMessage,
    name: impl Fn(u32) -> Option<String>,
) -> Option<String> {
    let kind = match route.header.kind {
        RouteType::Unicast => "",
        RouteType::Local => "local ",
        RouteType::Broadcast => "broadcast ",
        RouteType::Multicast => "multicast ",
        RouteType::Anycast => "anycast ",
        RouteType::Unreachable => "unreachable ",
        RouteType::Prohibit => "prohibit ",
        RouteType::BlackHole => "blackhole ",
        _ => return None,
    };
    let mut line = format!("{kind}{address}");
    let mut table = u32::from(route.header.table);
    let (mut interface, mut source) = (None, None);
    for attribute in &route.attributes {
        match attribute {
            RouteAttribute::Gateway(RouteAddress::Inet(via)) => write!(line, " via {via}").ok()?,
            RouteAttribute::Gateway(RouteAddress::Inet6(via)) => write!(line, " via {via}").ok()?,
            RouteAttribute::Oif(index) => interface = name(*index),
            RouteAttribute::Table(number) => table = *number,
            RouteAttribute::PrefSource(RouteAddress::Inet(own)) => source = Some(own.to_string()),
            RouteAttribute::PrefSource(RouteAddress::Inet6(own)) => source = Some(own.to_string()),
            _ => {}
        }
    }
    write!(line, " dev {}", interface?).ok()?;
    if table != MAIN && table != 0 && kind.is_empty() {
        write!(line, " table {table}").ok()?;
    }
    if let Some(own) = source {
        write!(line, " src {own}").ok()?;
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn route(kind: RouteType, attributes: Vec<RouteAttribute>) -> RouteMessage {
        let mut route = RouteMessage::default();
        route.header.kind = kind;
        route.attributes = attributes;
        route
    }

    #[test]
    fn writes_a_route_as_the_tool_does() {
        use RouteAttribute::{Gateway, Oif, PrefSource, Table};
        let v4 = |last| RouteAddress::Inet(Ipv4Addr::new(10, 0, 0, last));
        let rows = [
            (
                route(RouteType::Unicast, vec![Oif(3), PrefSource(v4(2)), Table(52)]),
                Some("10.0.0.9 dev if3 table 52 src 10.0.0.2"),
            ),
            (
                route(RouteType::Unicast, vec![Table(254), Gateway(v4(1)), Oif(4)]),
                Some("10.0.0.9 via 10.0.0.1 dev if4"),
            ),
            (route(RouteType::Local, vec![Table(255), Oif(1)]), Some("local 10.0.0.9 dev if1")),
            (route(RouteType::Unicast, vec![Oif(99)]), None),
            (route(RouteType::Throw, vec![Oif(3)]), None),
        ];
        let name = |index| (index < 90).then(|| format!("if{index}"));
        for (route, expected) in rows {
            let line = line([10, 0, 0, 9].into(), &route, name);
            assert_eq!(line.as_deref(), expected, "{route:?}");
        }
    }

    #[test]
    fn asks_this_kernel() {
        let asked = [Ipv4Addr::LOCALHOST.into(), Ipv4Addr::BROADCAST.into()];
        let Reading::Known(text) = routes_to(&asked) else { panic!("not answered") };
        assert!(text.starts_with("local 127.0.0.1 dev lo"), "{text}");
        assert!(text.lines().count() <= asked.len(), "{text}");
        assert_eq!(routes_to(&[]), Reading::Known(String::new()));
    }
}
