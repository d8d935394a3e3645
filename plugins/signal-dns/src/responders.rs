//! The responders that this computer's files name.

use std::{
    io::Read as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use vmkit_plugin::{Cx, Error, ErrorCode};

use crate::{
    hosts::Hosts,
    interface::{Interface, Scope},
    limits::{DNS_PORT, DOMAINS, SERVERS},
    names::valid,
    record::{MULTICAST, SYSTEM},
};
#[cfg(target_os = "macos")]
use crate::{ifconfig, scutil};

/// Group and port of mDNS over IPv4, RFC 6762 section 3. Its responders also answer with IPv6 addresses.
const MULTICAST_GROUP: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);
/// Most interfaces for mDNS.
#[cfg(any(target_os = "linux", target_os = "macos"))]
const INTERFACES: usize = 16;
/// Most bytes of a file that are read. A hosts file that blocks advertisements has megabytes.
const LIMIT: u64 = 8 << 20;

/// A DNS server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// Its source in records.
    pub(crate) source: String,
    pub(crate) address: SocketAddr,
    /// The interface that it answers for, where it serves one alone.
    pub(crate) scope: Option<Scope>,
}

/// A responder to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Responder {
    /// A DNS server.
    Server(Server),
    /// All hosts on these interfaces, by mDNS.
    Links {
        /// Group and port.
        group: SocketAddr,
        /// Empty: the system chooses.
        interfaces: Vec<Interface>,
    },
}

impl Responder {
    /// Its source in records.
    pub(crate) fn source(&self) -> &str {
        match self {
            Self::Server(server) => &server.source,
            Self::Links { .. } => MULTICAST,
        }
    }

    /// What makes answers up together: a server of one interface may, where the others do not.
    pub(crate) fn group(&self) -> (&str, Option<&str>) {
        match self {
            Self::Server(server) => {
                (&server.source, server.scope.as_ref().map(|on| on.name.as_str()))
            }
            Self::Links { .. } => (MULTICAST, None),
        }
    }

    /// Whether it may answer from this computer's hosts file.
    pub(crate) fn reads_hosts(&self) -> bool {
        matches!(self, Self::Server(server) if server.address.ip().is_loopback())
    }
}

/// The responders to ask, and what else the files say.
#[derive(Debug, Default)]
pub(crate) struct Responders {
    /// All responders, in the order of the files.
    pub(crate) all: Vec<Responder>,
    /// The domains that the system searches.
    pub(crate) search: Vec<String>,
    pub(crate) hosts: Hosts,
}

impl Responders {
    /// The responders of this computer. Files that cannot be read are logged and skipped.
    pub(crate) fn of_system(cx: &Cx<'_>) -> Self {
        let (resolvers, search) = system(cx);
        let known: Vec<SocketAddr> = resolvers.iter().map(|(at, _)| *at).collect();
        let hosts = Hosts::parse(&text("/etc/hosts", cx).unwrap_or_default());
        let Routes { gateways, interfaces } = routes(cx);
        let server = |source, address, scope| Server { source, address, scope };
        let system = resolvers.into_iter().map(|(at, on)| server(SYSTEM.to_owned(), at, on));
        let others = gateways.iter().map(|ip| SocketAddr::from((*ip, DNS_PORT)));
        let others = others.filter(|at| !known.contains(at));
        let servers = system.chain(others.map(|at| server(at.ip().to_string(), at, None)));
        let links = Responder::Links { group: MULTICAST_GROUP.into(), interfaces };
        Self { all: servers.map(Responder::Server).chain([links]).collect(), search, hosts }
    }
}

/// The system's DNS servers and the domains that it searches. macOS's file may be empty or outdated.
fn system(cx: &Cx<'_>) -> (Vec<(SocketAddr, Option<Scope>)>, Vec<String>) {
    #[cfg(target_os = "macos")]
    match cx.tool(scutil::TOOL, LIMIT) {
        Ok(text) => return scutil::resolvers(&String::from_utf8_lossy(&text)),
        Err(error) => tracing::info!("cannot run {}: {error}", scutil::TOOL),
    }
    let (servers, search) = resolv_conf(&text("/etc/resolv.conf", cx).unwrap_or_default());
    (servers.into_iter().map(|ip| ((ip, DNS_PORT).into(), None)).collect(), search)
}

fn text(path: &str, cx: &Cx<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    let read = cx.open_file(path).and_then(|file| match file {
        Some(file) => file
            .take(LIMIT)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::io(&format!("read {path}"), &error)),
        None => Err(Error::new(ErrorCode::NotFound, "it does not exist")),
    });
    match read {
        Ok(_) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            tracing::info!("cannot read {path}: {error}");
            None
        }
    }
}

/// Name servers and search domains. Skips lines of another form, as the system's resolver does.
fn resolv_conf(text: &str) -> (Vec<IpAddr>, Vec<String>) {
    let (config, _) = resolv_conf::Config::parse_with_errors(text.as_bytes());
    let domains = config
        .get_last_search_or_domain()
        .filter_map(|domain| valid(domain))
        .take(DOMAINS)
        .collect();
    let mut servers = Vec::new();
    for server in config.nameservers.into_iter().map(IpAddr::from).take(SERVERS) {
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    (servers, domains)
}

/// The relevant part of the routing table.
#[derive(Debug, Default, PartialEq, Eq)]
struct Routes {
    /// The next hops of default routes.
    gateways: Vec<IpAddr>,
    /// The interfaces that have a network.
    interfaces: Vec<Interface>,
}

#[cfg(target_os = "linux")]
fn routes(cx: &Cx<'_>) -> Routes {
    text("/proc/net/route", cx).map(|text| parse_routes(&text)).unwrap_or_default()
}

/// The interfaces are those of `ifconfig`, whose answer the host has already. No file has the routing table
/// here, so the gateway is asked only if it is the system's resolver, as it is in most homes.
#[cfg(target_os = "macos")]
fn routes(cx: &Cx<'_>) -> Routes {
    let mut interfaces = match cx.tool(ifconfig::TOOL, LIMIT) {
        Ok(text) => ifconfig::interfaces(&String::from_utf8_lossy(&text)),
        Err(error) => {
            tracing::info!("cannot run {}: {error}", ifconfig::TOOL);
            Vec::new()
        }
    };
    interfaces.truncate(INTERFACES);
    Routes { gateways: Vec::new(), interfaces }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn routes(_: &Cx<'_>) -> Routes {
    Routes::default()
}

#[cfg(target_os = "linux")]
fn parse_routes(text: &str) -> Routes {
    use procfs::{FromBufRead as _, net::RouteEntries};

    let entries = match RouteEntries::from_buf_read(text.as_bytes()) {
        Ok(RouteEntries(entries)) => entries,
        Err(error) => {
            tracing::info!("cannot parse /proc/net/route: {error}");
            return Routes::default();
        }
    };
    let mut routes = Routes::default();
    for entry in entries {
        if entry.gateway.is_unspecified() {
            if entry.iface != "lo"
                && routes.interfaces.len() < INTERFACES
                && routes.interfaces.iter().all(|known| known.name != entry.iface)
            {
                routes.interfaces.push(Interface { name: entry.iface, address: None });
            }
        } else if entry.mask.is_unspecified() && !routes.gateways.contains(&entry.gateway.into()) {
            routes.gateways.push(entry.gateway.into());
        }
    }
    routes.gateways.truncate(SERVERS);
    routes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_servers_and_the_last_search_list_of_resolv_conf() {
        let text = "# made by hand\nnameserver 192.168.1.254\nnameserver 192.168.1.254\n\
            nameserver bogus\nnameserver fe80::1%eth0\nnameserver 1.1.1.1\nnameserver 8.8.8.8\n\
            domain old.example\nsearch Lan. corp.example b\u{1b}d\noptions ndots:2 future:1\n";
        let (servers, domains) = resolv_conf(text);
        let servers: Vec<_> = servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["192.168.1.254", "fe80::1"]);
        assert_eq!(domains, ["lan", "corp.example"]);
        assert_eq!(resolv_conf("\0\u{ff}"), (Vec::new(), Vec::new()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn reads_gateways_and_interfaces_of_the_routing_table() {
        let text = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
            eth0\t00000000\tFE01A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
            eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n\
            virbr0\t007AA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
            virbr0\t017AA8C0\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n\
            eth0\t0000000A\tFD01A8C0\t0003\t0\t0\t100\t000000FF\t0\t0\t0\n";
        let expected = Routes {
            gateways: vec![[192, 168, 1, 254].into()],
            interfaces: ["eth0", "virbr0"]
                .map(|name| Interface { name: name.to_owned(), address: None })
                .to_vec(),
        };
        assert_eq!(parse_routes(text), expected);
        assert_eq!(parse_routes("Iface\nhalf a line"), Routes::default());
    }
}
