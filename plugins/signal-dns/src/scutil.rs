//! The output of macOS's `scutil --dns`: the resolvers that programs use, in English everywhere.
//!
//! ```text
//! resolver #1
//!   search domain[0] : fritz.box
//!   nameserver[0] : 192.168.178.1
//!   port     : 5354
//!   if_index : 14 (en0)
//!   domain   : local
//!   options  : mdns
//! ```
//!
//! A second part has the resolvers of each interface, which serve programs that bind to it.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
};

use crate::{
    interface::Scope,
    limits::{DNS_PORT, DOMAINS, SERVERS},
    names::valid,
};

/// The tool, as the host runs it.
#[cfg(target_os = "macos")]
pub(crate) const TOOL: &str = "/usr/sbin/scutil --dns";
/// How the second part begins.
const SCOPED: &str = "DNS configuration (for scoped queries)";

/// One resolver of the text.
#[derive(Default)]
struct Resolver<'t> {
    servers: Vec<IpAddr>,
    port: Option<u16>,
    /// It answers for names below this domain alone.
    domain: Option<&'t str>,
    /// The interface by which it is reached.
    on: Option<Scope>,
    /// It serves programs that bind to that interface.
    is_scoped: bool,
}

/// A server, and the interface that it serves alone.
pub(crate) type Scoped = (SocketAddr, Option<Scope>);

/// The servers for all names with their ports, then those that serve one interface alone, and the domains
/// that the system searches. A resolver of one domain, such as a VPN's, is none of the VMs'.
pub(crate) fn resolvers(text: &str) -> (Vec<Scoped>, Vec<String>) {
    let mut found: Vec<Resolver<'_>> = Vec::new();
    let mut search: Vec<String> = Vec::new();
    let mut is_scoped = false;
    for line in text.lines() {
        if line.starts_with(SCOPED) {
            is_scoped = true;
        } else if line.starts_with("resolver #") {
            found.push(Resolver { is_scoped, ..Resolver::default() });
        } else if let (Some(resolver), Some((key, value))) =
            (found.last_mut(), line.split_once(" : "))
        {
            let (key, value) = (key.trim(), value.trim());
            match key.split('[').next().unwrap_or_default() {
                "nameserver" => resolver.servers.extend(address(value)),
                "port" => resolver.port = value.parse().ok(),
                "domain" => resolver.domain = Some(value),
                "if_index" => resolver.on = scope(value),
                "search domain" => search.extend(valid(value).filter(|it| !search.contains(it))),
                _ => {}
            }
        }
    }
    search.truncate(DOMAINS);
    (servers(&found), search)
}

fn servers(found: &[Resolver<'_>]) -> Vec<Scoped> {
    // Where each is reached: one address on two interfaces is two servers.
    let mut reached: Vec<(SocketAddr, Option<&Scope>)> = Vec::new();
    let mut servers = Vec::new();
    for is_scoped in [false, true] {
        let mut room = SERVERS;
        let of_all_names =
            |resolver: &&Resolver<'_>| resolver.is_scoped == is_scoped && resolver.domain.is_none();
        for resolver in found.iter().filter(of_all_names) {
            for ip in &resolver.servers {
                let server = SocketAddr::from((*ip, resolver.port.unwrap_or(DNS_PORT)));
                let on = resolver.on.as_ref();
                let is_known = reached.iter().any(|(known, by)| {
                    // Where the interface is not named, the system chooses it.
                    *known == server && (*by == on || by.is_none() || on.is_none())
                });
                if room > 0 && !is_known {
                    room -= 1;
                    reached.push((server, on));
                    servers.push((server, on.filter(|_| is_scoped).cloned()));
                }
            }
        }
    }
    servers
}

/// An address, without the name of its interface.
fn address(text: &str) -> Option<IpAddr> {
    text.split('%').next()?.parse().ok()
}

/// `14 (en0)`.
fn scope(text: &str) -> Option<Scope> {
    let (index, name) = text.split_once(' ')?;
    let name = name.strip_prefix('(')?.strip_suffix(')')?.to_owned();
    Some(Scope { name, index: index.parse::<NonZeroU32>().ok()? })
}

#[cfg(test)]
mod tests {
    use vmkit_mac_texts::{Language, Mac};

    use super::*;

    fn lines(text: &str) -> (Vec<String>, Vec<String>) {
        let (servers, search) = resolvers(text);
        let line = |(server, on): Scoped| {
            let on = on.map_or_else(String::new, |on| format!(" on {} ({})", on.name, on.index));
            format!("{server}{on}")
        };
        (servers.into_iter().map(line).collect(), search)
    }

    #[test]
    fn reads_servers_with_their_ports_and_interfaces() {
        let rows = [
            (Language::English, "192.168.1.254:53", "lan"),
            (Language::German, "192.168.178.1:53", "fritz.box"),
        ];
        for (language, server, domain) in rows {
            let mac =
                Mac { release: 15, language, wifi: true, connected: true, guests: Vec::new() };
            let (servers, search) = lines(&mac.scutil_dns());
            let expected = [server, "[fd00::1]:53", "172.20.10.1:5354 on en7 (9)"];
            assert_eq!(servers, expected, "{language:?}");
            assert_eq!(search, [domain]);
            let offline = Mac { connected: false, ..mac };
            assert_eq!(lines(&offline.scutil_dns()), (Vec::new(), Vec::new()));
        }
    }

    #[test]
    fn one_address_on_two_interfaces_is_two_servers() {
        let text = "resolver #1\n  nameserver[0] : 192.168.1.1\n  if_index : 14 (en0)\n\n\
            DNS configuration (for scoped queries)\n\nresolver #1\n  nameserver[0] : 192.168.1.1\n  \
            if_index : 14 (en0)\nresolver #2\n  nameserver[0] : 192.168.1.1\n  if_index : 9 (en7)\n";
        assert_eq!(lines(text).0, ["192.168.1.1:53", "192.168.1.1:53 on en7 (9)"]);
        let rows =
            ["  nameserver[0] : 1.1.1.1\n", "resolver #1\n  nameserver[0] : x\n  if_index : 0 (e)"];
        for text in rows {
            assert_eq!(lines(text), (Vec::new(), Vec::new()), "{text}");
        }
    }
}
