//! The routes of `ip -j route`, or of `ip route` where it knows no JSON.

use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;
use vmkit_types::{Prefix, Route, Unread, bounded};

use crate::cards::{LONGEST_NAME, prefix};

/// Most routes that are read: only a router of the internet has more.
const MOST: usize = 4096;

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    dst: String,
    #[serde(flatten)]
    hop: Hop,
    /// The ways of a route that has several.
    #[serde(default)]
    nexthops: Vec<Hop>,
    /// Of a route on which packets go nowhere.
    r#type: Option<String>,
}

#[derive(Deserialize)]
struct Hop {
    gateway: Option<IpAddr>,
    dev: Option<String>,
}

/// Reads the routes that lead somewhere.
pub(crate) fn read(text: &str) -> Result<Vec<Route>, Unread> {
    if !text.trim_start().starts_with('[') {
        return lines(text);
    }
    let rows: Vec<Row> = serde_json::from_str(text)
        .map_err(|error| Unread::Malformed(format!("the guest's routes: {error}")))?;
    let leads = |row: &Row| row.r#type.as_ref().is_none_or(|kind| kind == "unicast");
    let routes = rows.into_iter().filter(leads).flat_map(|Row { dst, hop, nexthops, .. }| {
        let hops = std::iter::once(hop).chain(nexthops);
        hops.filter_map(move |hop| route(&dst, hop.gateway, hop.dev.as_deref()?))
    });
    Ok(routes.take(MOST).collect())
}

/// Routes on which packets go nowhere, or only to this system.
const NOWHERE: [&str; 7] =
    ["unreachable", "blackhole", "prohibit", "throw", "local", "broadcast", "multicast"];

/// The ways of a route that has several stand on lines behind that of its destination.
fn lines(text: &str) -> Result<Vec<Route>, Unread> {
    let mut destination = None;
    let routes = text.lines().filter_map(|line| {
        let (first, rest) =
            line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
        if first != "nexthop" {
            destination = Some(first);
        }
        of_line(destination?, rest)
    });
    let routes: Vec<Route> = routes.take(MOST).collect();
    let leads =
        |line: &str| line.split_whitespace().next().is_some_and(|first| !NOWHERE.contains(&first));
    if routes.is_empty() && text.lines().any(leads) {
        return Err(Unread::Malformed("the guest's routes".to_owned()));
    }
    Ok(routes)
}

/// The rest of a line such as `default via 192.168.77.1 dev eth0 proto dhcp src 192.168.77.50 metric 100`.
fn of_line(destination: &str, rest: &str) -> Option<Route> {
    let mut words = rest.split_whitespace();
    let (mut gateway, mut device) = (None, None);
    while let Some(word) = words.next() {
        match word {
            "via" => gateway = words.next().and_then(|address| address.parse().ok()),
            "dev" => device = words.next(),
            _ => {}
        }
    }
    route(destination, gateway, device?)
}

fn route(destination: &str, gateway: Option<IpAddr>, device: &str) -> Option<Route> {
    let destination = match destination.split_once('/') {
        _ if destination == "default" => {
            Prefix { address: Ipv4Addr::UNSPECIFIED.into(), length: 0 }
        }
        Some((address, length)) => prefix(address, length.parse().ok()?)?,
        None => prefix(destination, 32)?,
    };
    Some(Route { destination, gateway, interface: bounded(device, LONGEST_NAME).to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_of_several_ways_leads_somewhere() {
        let rows = [
            r#"[{"dst":"default","flags":[],"nexthops":[
                {"gateway":"10.0.0.1","dev":"eth0","weight":1,"flags":[]},
                {"gateway":"10.0.1.1","dev":"eth1","weight":1,"flags":[]}]},
              {"type":"blackhole","dst":"10.9.0.0/16","flags":[]},
              {"dst":"10.0.0.0/24","dev":"eth0","flags":[]}]"#,
            "default proto static\n\tnexthop via 10.0.0.1 dev eth0 weight 1\n\
             \tnexthop via 10.0.1.1 dev eth1 weight 1\nblackhole 10.9.0.0/16\n\
             10.0.0.0/24 dev eth0 scope link\n",
        ];
        let expected = ["0.0.0.0/0 10.0.0.1 eth0", "0.0.0.0/0 10.0.1.1 eth1", "10.0.0.0/24 - eth0"];
        for text in rows {
            let routes = read(text).unwrap();
            let shown = routes.iter().map(|Route { destination, gateway, interface }| {
                let gateway = gateway.map_or_else(|| "-".to_owned(), |it| it.to_string());
                format!("{destination} {gateway} {interface}")
            });
            assert_eq!(shown.collect::<Vec<_>>(), expected, "{text}");
        }
        assert!(read("nexthop via 10.0.0.1 dev eth0\n").is_err());
    }
}
