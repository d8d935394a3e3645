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
    gateway: Option<IpAddr>,
    dev: Option<String>,
    /// Of a route on which packets go nowhere.
    r#type: Option<String>,
}

/// Reads the routes that lead somewhere.
pub(crate) fn read(text: &str) -> Result<Vec<Route>, Unread> {
    if !text.trim_start().starts_with('[') {
        return lines(text);
    }
    let rows: Vec<Row> = serde_json::from_str(text)
        .map_err(|error| Unread::Malformed(format!("the guest's routes: {error}")))?;
    let routes = rows.into_iter().filter_map(|row| {
        row.r#type.is_none_or(|kind| kind == "unicast").then_some(())?;
        route(&row.dst, row.gateway, row.dev.as_deref()?)
    });
    Ok(routes.take(MOST).collect())
}

/// Routes on which packets go nowhere, or only to this system.
const NOWHERE: [&str; 7] =
    ["unreachable", "blackhole", "prohibit", "throw", "local", "broadcast", "multicast"];

fn lines(text: &str) -> Result<Vec<Route>, Unread> {
    let routes: Vec<Route> = text.lines().filter_map(line).take(MOST).collect();
    let leads =
        |line: &str| line.split_whitespace().next().is_some_and(|first| !NOWHERE.contains(&first));
    if routes.is_empty() && text.lines().any(leads) {
        return Err(Unread::Malformed("the guest's routes".to_owned()));
    }
    Ok(routes)
}

/// A line such as `default via 192.168.77.1 dev eth0 proto dhcp src 192.168.77.50 metric 100`.
fn line(line: &str) -> Option<Route> {
    let mut words = line.split_whitespace();
    let destination = words.next()?;
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
