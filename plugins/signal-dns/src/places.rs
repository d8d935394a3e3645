//! Whom to ask, as the system's files tell.

use std::{
    fs::File,
    io::Read as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use crate::{
    hosts::Hosts,
    names::valid,
    record::{MULTICAST, SYSTEM},
};

/// Port of DNS servers, RFC 1035 section 4.2.
const DNS_PORT: u16 = 53;
/// Group and port of mDNS over IPv4, RFC 6762 section 3. Its responders tell IPv6 addresses, too.
const MULTICAST_GROUP: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);
/// Name servers that the system's own resolver uses of those in its file: `MAXNS` of resolv.h.
const SERVERS: usize = 3;
/// Domains that it searches: `MAXDNSRCH` of resolv.h.
const DOMAINS: usize = 6;
/// Interfaces on which mDNS is asked.
#[cfg(target_os = "linux")]
const INTERFACES: usize = 16;
/// Most bytes of a file that are read: a hosts file that blocks advertisements has megabytes.
const LIMIT: u64 = 8 << 20;

/// A DNS server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// How records name it.
    pub(crate) source: String,
    pub(crate) address: SocketAddr,
}

/// Somebody to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A DNS server.
    Server(Server),
    /// Everybody on these interfaces, by mDNS.
    Links {
        /// Group and port.
        group: SocketAddr,
        /// None: on the system's choice.
        interfaces: Vec<String>,
    },
}

impl Place {
    /// How records name it.
    pub(crate) fn source(&self) -> &str {
        match self {
            Self::Server(server) => &server.source,
            Self::Links { .. } => MULTICAST,
        }
    }

    /// Whether it answers from this computer's hosts file, as far as one can know.
    pub(crate) fn reads_hosts(&self) -> bool {
        matches!(self, Self::Server(server) if server.address.ip().is_loopback())
    }
}

/// Whom to ask, and for what.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Everybody, in the order of their mention.
    pub(crate) all: Vec<Place>,
    /// The domains that the system searches.
    pub(crate) search: Vec<String>,
    pub(crate) hosts: Hosts,
}

impl Places {
    /// What this computer uses. What cannot be read is left out and logged.
    pub(crate) fn of_system() -> Self {
        let (resolvers, search) = resolv_conf(&text("/etc/resolv.conf").unwrap_or_default());
        let hosts = Hosts::parse(&text("/etc/hosts").unwrap_or_default());
        let Routes { gateways, interfaces } = routes();
        let server = |source: String, ip: IpAddr| Server { source, address: (ip, DNS_PORT).into() };
        let system = resolvers.iter().map(|ip| server(SYSTEM.to_owned(), *ip));
        let others = gateways.iter().filter(|ip| !resolvers.contains(ip));
        let servers = system.chain(others.map(|ip| server(ip.to_string(), *ip)));
        let links = Place::Links { group: MULTICAST_GROUP.into(), interfaces };
        Self { all: servers.map(Place::Server).chain([links]).collect(), search, hosts }
    }
}

fn text(path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LIMIT).read_to_end(&mut bytes));
    match read {
        Ok(_) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            tracing::info!("cannot read {path}: {error}");
            None
        }
    }
}

/// Name servers and search domains. A line that is not understood is passed over, as the system's
/// own resolver does.
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

/// What the routing table tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct Routes {
    /// The next hops of default routes.
    gateways: Vec<IpAddr>,
    /// The interfaces that have a network.
    interfaces: Vec<String>,
}

/// The manifest asks for all of `/proc/net`: Landlock's rules go by inode, and the kernel makes a
/// new one for each look at a file in there.
#[cfg(target_os = "linux")]
fn routes() -> Routes {
    text("/proc/net/route").map(|text| parse_routes(&text)).unwrap_or_default()
}

/// No file has it there: mDNS goes where the system sends it, and the gateway is not asked unless
/// it is the system's resolver, which at home it is.
#[cfg(not(target_os = "linux"))]
fn routes() -> Routes {
    Routes::default()
}

#[cfg(target_os = "linux")]
fn parse_routes(text: &str) -> Routes {
    use procfs::{FromBufRead as _, net::RouteEntries};

    let entries = match RouteEntries::from_buf_read(text.as_bytes()) {
        Ok(RouteEntries(entries)) => entries,
        Err(error) => {
            tracing::info!("cannot understand /proc/net/route: {error}");
            return Routes::default();
        }
    };
    let mut routes = Routes::default();
    for entry in entries {
        if entry.gateway.is_unspecified() {
            if entry.iface != "lo"
                && routes.interfaces.len() < INTERFACES
                && !routes.interfaces.contains(&entry.iface)
            {
                routes.interfaces.push(entry.iface);
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
    fn resolv_conf_gives_servers_and_the_last_search_list() {
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
    fn the_routing_table_gives_gateways_and_interfaces() {
        let text = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
            eth0\t00000000\tFE01A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
            eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n\
            virbr0\t007AA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
            virbr0\t017AA8C0\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n\
            eth0\t0000000A\tFD01A8C0\t0003\t0\t0\t100\t000000FF\t0\t0\t0\n";
        let expected = Routes {
            gateways: vec![[192, 168, 1, 254].into()],
            interfaces: vec!["eth0".to_owned(), "virbr0".to_owned()],
        };
        assert_eq!(parse_routes(text), expected);
        assert_eq!(parse_routes("Iface\nhalf a line"), Routes::default());
    }
}
