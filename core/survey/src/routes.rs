//! The routes that the kernel chooses for single addresses.

use vmkit_types::bounded;

use crate::{LONGEST_TEXT, facts::RouteTo};

/// Most routes that are read: as many as are asked for, and as many again.
const MOST_ROUTES: usize = 1024;
/// Longest name of an interface or a table.
const LONGEST_NAME: usize = 64;

/// Kinds of routes that `ip route get` writes before the address. Packets on the last ones go nowhere.
const KINDS: [&str; 4] = ["local", "broadcast", "multicast", "anycast"];
const REFUSALS: [&str; 4] = ["unreachable", "prohibit", "blackhole", "throw"];

/// The routes in the output of `ip route get ADDRESS` or of macOS's `route -n get ADDRESS`, one after
/// the other. What is no route is skipped.
pub fn routes(bytes: &[u8]) -> Vec<RouteTo> {
    let bytes = &bytes[..bytes.len().min(LONGEST_TEXT)];
    let text = String::from_utf8_lossy(bytes);
    let mut routes: Vec<RouteTo> = Vec::new();
    let mut of_macos: Option<RouteTo> = None;
    for line in text.lines() {
        match named(line) {
            Some(("route to", address)) => {
                routes.extend(of_macos.take());
                of_macos = address.parse().ok().map(RouteTo::none);
            }
            Some((key, value)) => of_macos.iter_mut().for_each(|route| field(route, key, value)),
            None => routes.extend(of_linux(line)),
        }
        if routes.len() == MOST_ROUTES {
            break;
        }
    }
    routes.extend(of_macos);
    routes
}

/// The name and the value in a line of `route -n get`. IPv6 addresses have colons, too.
fn named(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.trim_start().split_once(": ")?;
    let is_name = key.chars().all(|c| c.is_ascii_alphabetic() || c == ' ');
    is_name.then(|| (key, value.trim()))
}

/// One field of `route -n get`.
fn field(route: &mut RouteTo, key: &str, value: &str) {
    match key {
        "interface" => route.interface = Some(bounded(value, LONGEST_NAME).to_owned()),
        // A route on the link itself names its interface as the gateway.
        "gateway" => route.gateway = value.parse().ok(),
        "flags" if value.contains("REJECT") || value.contains("BLACKHOLE") => {
            route.interface = None;
        }
        _ => {}
    }
}

/// A line such as `192.168.0.77 via 100.64.0.1 dev tailscale0 table 52 src 100.64.10.9 uid 0`.
fn of_linux(line: &str) -> Option<RouteTo> {
    let mut words = line.split_whitespace();
    let first = words.next()?;
    let refused = REFUSALS.contains(&first);
    let address = if refused || KINDS.contains(&first) { words.next()? } else { first };
    let mut route = RouteTo::none(address.parse().ok()?);
    while let Some(word) = words.next() {
        match word {
            "dev" if !refused => {
                route.interface = words.next().map(|name| bounded(name, LONGEST_NAME).to_owned());
            }
            "via" => route.gateway = words.next().and_then(|address| address.parse().ok()),
            "table" => {
                route.table = words.next().map(|name| bounded(name, LONGEST_NAME).to_owned());
            }
            _ => {}
        }
    }
    Some(route)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ip route get` of iproute2 6.1, on Linux 6.8.
    const LINUX: &str = "192.168.0.77 dev tailscale0 table 52 src 100.64.10.9 uid 0
    cache
192.168.0.5 via 192.168.0.1 dev br0 src 192.168.0.10 uid 1000
    cache
local 192.168.0.10 dev lo table local src 192.168.0.10 uid 0
    cache <local>
unreachable 10.9.9.9 dev lo table unspec proto kernel src 192.168.0.10 metric 4294967295
RTNETLINK answers: Network is unreachable
2001:db8::7 from :: dev br0 proto kernel src 2001:db8::1 metric 256 pref medium
";
    /// `route -n get` of macOS 14.
    const MACOS: &str = "   route to: 192.168.64.5
destination: 192.168.64.0
       mask: 255.255.255.0
  interface: bridge100
      flags: <UP,DONE,CLONING>
 recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  hopcount      mtu     expire
       0         0         0         0         0         0      1500   -104785 
   route to: 10.8.1.9
destination: 10.8.0.0
       mask: 255.255.0.0
    gateway: 10.8.0.1
  interface: utun3
      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING>
 recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  hopcount      mtu     expire
       0         0         0         0         0         0      1380         0 
   route to: 10.1.2.3
";

    fn shown(text: &str) -> Vec<String> {
        let word = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let routes = routes(text.as_bytes()).into_iter().map(|route| {
            let (address, gateway) = (route.address, route.gateway.map(|it| it.to_string()));
            format!("{address} {} {} {}", word(route.interface), word(gateway), word(route.table))
        });
        routes.collect()
    }

    #[test]
    fn reads_the_answers_of_both_systems() {
        let linux = [
            "192.168.0.77 tailscale0 - 52",
            "192.168.0.5 br0 192.168.0.1 -",
            "192.168.0.10 lo - local",
            "10.9.9.9 - - unspec",
            "2001:db8::7 br0 - -",
        ];
        assert_eq!(shown(LINUX), linux);
        let macos = ["192.168.64.5 bridge100 - -", "10.8.1.9 utun3 10.8.0.1 -", "10.1.2.3 - - -"];
        assert_eq!(shown(MACOS), macos);
    }

    #[test]
    fn reads_no_route_from_other_text() {
        for text in
            ["", "route to: x", "dev br0", "192.168.0.300 dev br0", "interface: en0", "local"]
        {
            assert_eq!(shown(text), Vec::<String>::new(), "{text}");
        }
    }
}
