//! The DHCP servers that run on this computer, to and from `host/dhcp-server.json`. A field that is missing
//! was not read.

use std::{
    net::Ipv4Addr,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use vmkit_types::{Mac, Reading, Unread, bounded};

use crate::LONGEST_TEXT;

/// Most servers, ranges of a server, and interfaces or addresses of a server that are read.
const MOST_PARTS: usize = 64;
/// Most clients of one server that are read, and most answers.
const MOST_CLIENTS: usize = 20_000;
/// Longest name of an interface or a program.
const LONGEST_NAME: usize = 64;

/// A DHCP server that runs on this computer, by its command line, its configuration, its leases and its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpServer {
    /// Its program, such as `dnsmasq`, not escaped.
    pub program: String,
    /// The interfaces that it serves, not escaped; the last character may be `*`. Empty where `addresses` is as
    /// well: all.
    pub interfaces: Vec<String>,
    /// The addresses of the interfaces that it serves.
    pub addresses: Vec<Ipv4Addr>,
    /// The ranges that it gives addresses from.
    pub pools: Reading<Vec<Pool>>,
    /// The clients that it has given or reserved an address.
    pub clients: Reading<Vec<Client>>,
    /// What it last answered to each client, by its log.
    pub answers: Reading<Vec<Answer>>,
}

/// A range of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its first address.
    pub first: Ipv4Addr,
    /// Its last address.
    pub last: Ipv4Addr,
    /// How many addresses it has. A redacted document has other addresses and the same number.
    pub addresses: u64,
    /// How many of them a new client could be given: neither leased nor reserved.
    pub free: Reading<u64>,
}

/// The address of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its hardware address.
    pub mac: Mac,
    /// The address.
    pub address: Ipv4Addr,
    /// It has a lease in force; otherwise the address is reserved for it.
    pub leased: bool,
}

/// The last answer to one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its hardware address.
    pub mac: Mac,
    /// The server had no free address for it; otherwise it gave or offered one.
    pub refused: bool,
    /// When, if the log says so.
    pub at: Option<SystemTime>,
}

#[derive(Deserialize, Serialize)]
struct Row {
    program: String,
    #[serde(default)]
    interfaces: Vec<String>,
    #[serde(default)]
    addresses: Vec<Ipv4Addr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pools: Option<Vec<PoolRow>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pools_unknown: Option<Why>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clients: Option<Vec<ClientRow>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clients_unknown: Option<Why>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answers: Option<Vec<AnswerRow>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answers_unknown: Option<Why>,
}

#[derive(Deserialize, Serialize)]
struct PoolRow {
    first: Ipv4Addr,
    last: Ipv4Addr,
    addresses: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    free: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    free_unknown: Option<Why>,
}

#[derive(Deserialize, Serialize)]
struct ClientRow {
    mac: String,
    address: Ipv4Addr,
    leased: bool,
}

#[derive(Deserialize, Serialize)]
struct AnswerRow {
    mac: String,
    refused: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_ms: Option<u64>,
}

/// Why something was not read.
#[derive(Deserialize, Serialize)]
struct Why {
    code: String,
    #[serde(default)]
    what: String,
}

/// The servers in the document; unknown if it is malformed. Skips entries that are.
pub fn dhcp_servers(text: &[u8]) -> Reading<Vec<DhcpServer>> {
    let malformed = |what: String| {
        Reading::Unknown(Unread::Malformed(format!("the list of DHCP servers: {what}")))
    };
    if text.len() >= LONGEST_TEXT {
        return malformed("it is too long".to_owned());
    }
    match serde_json::from_slice::<Vec<Row>>(text) {
        Ok(rows) => Reading::Known(rows.into_iter().take(MOST_PARTS).map(server).collect()),
        Err(error) => malformed(error.to_string()),
    }
}

fn server(row: Row) -> DhcpServer {
    let name = |name: String| bounded(&name, LONGEST_NAME).to_owned();
    let pool = |row: PoolRow| Pool {
        first: row.first,
        last: row.last,
        addresses: row.addresses,
        free: reading(row.free, row.free_unknown),
    };
    let client = |row: ClientRow| {
        Some(Client { mac: row.mac.parse().ok()?, address: row.address, leased: row.leased })
    };
    let answer = |row: AnswerRow| {
        let at =
            row.at_ms.and_then(|at| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(at)));
        Some(Answer { mac: row.mac.parse().ok()?, refused: row.refused, at })
    };
    DhcpServer {
        program: name(row.program),
        interfaces: row.interfaces.into_iter().take(MOST_PARTS).map(name).collect(),
        addresses: row.addresses.into_iter().take(MOST_PARTS).collect(),
        pools: reading(row.pools, row.pools_unknown)
            .map(|rows| rows.into_iter().take(MOST_PARTS).map(pool).collect()),
        clients: reading(row.clients, row.clients_unknown)
            .map(|rows| rows.into_iter().take(MOST_CLIENTS).filter_map(client).collect()),
        answers: reading(row.answers, row.answers_unknown)
            .map(|rows| rows.into_iter().take(MOST_CLIENTS).filter_map(answer).collect()),
    }
}

fn reading<T>(value: Option<T>, why: Option<Why>) -> Reading<T> {
    match (value, why) {
        (Some(value), _) => Reading::Known(value),
        (None, Some(why)) => Reading::Unknown(Unread::from_code(&why.code, &why.what)),
        (None, None) => Reading::Unknown(Unread::NotTried),
    }
}

/// The document with these servers.
///
/// # Errors
/// Serialising fails, which it does not for these types.
pub fn write_dhcp_servers(servers: &[DhcpServer]) -> Result<String, serde_json::Error> {
    let rows: Vec<Row> = servers.iter().map(row).collect();
    serde_json::to_string_pretty(&rows)
}

fn row(server: &DhcpServer) -> Row {
    let pool = |pool: &Pool| PoolRow {
        first: pool.first,
        last: pool.last,
        addresses: pool.addresses,
        free: pool.free.as_ref().known().copied(),
        free_unknown: why(&pool.free),
    };
    let client = |client: &Client| ClientRow {
        mac: client.mac.to_string(),
        address: client.address,
        leased: client.leased,
    };
    let answer = |answer: &Answer| {
        let since = answer.at.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        let at_ms = since.and_then(|since| u64::try_from(since.as_millis()).ok());
        AnswerRow { mac: answer.mac.to_string(), refused: answer.refused, at_ms }
    };
    Row {
        program: server.program.clone(),
        interfaces: server.interfaces.clone(),
        addresses: server.addresses.clone(),
        pools: server.pools.as_ref().known().map(|all| all.iter().map(pool).collect()),
        pools_unknown: why(&server.pools),
        clients: server.clients.as_ref().known().map(|all| all.iter().map(client).collect()),
        clients_unknown: why(&server.clients),
        answers: server.answers.as_ref().known().map(|all| all.iter().map(answer).collect()),
        answers_unknown: why(&server.answers),
    }
}

fn why<T>(reading: &Reading<T>) -> Option<Why> {
    match reading {
        Reading::Unknown(why) => {
            Some(Why { code: why.code().to_owned(), what: why.detail().to_owned() })
        }
        Reading::Known(_) | Reading::Absent => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_servers_that_it_wrote() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_510_801);
        let mac: Mac = "52:54:00:4b:5e:57".parse().unwrap();
        let address = Ipv4Addr::new(192, 168, 122, 10);
        let denied = || Unread::Denied("read /var/lib/kea/kea-leases4.csv".to_owned());
        let pool = |free| Pool { first: address, last: address, addresses: 1, free };
        let known = DhcpServer {
            program: "dnsmasq".to_owned(),
            interfaces: vec!["virbr0".to_owned()],
            addresses: vec![Ipv4Addr::new(192, 168, 122, 1)],
            pools: Reading::Known(vec![pool(Reading::Known(0))]),
            clients: Reading::Known(vec![Client { mac, address, leased: true }]),
            answers: Reading::Known(vec![Answer { mac, refused: true, at: Some(at) }]),
        };
        let unknown = DhcpServer {
            program: "kea-dhcp4".to_owned(),
            interfaces: Vec::new(),
            addresses: Vec::new(),
            pools: Reading::Known(vec![pool(Reading::Unknown(denied()))]),
            clients: Reading::Unknown(denied()),
            answers: Reading::Unknown(Unread::NotTried),
        };
        for servers in [vec![], vec![known, unknown]] {
            let text = write_dhcp_servers(&servers).unwrap();
            assert_eq!(dhcp_servers(text.as_bytes()), Reading::Known(servers), "{text}");
        }
    }

    #[test]
    fn what_is_missing_was_not_read_and_what_is_malformed_is_unknown() {
        let Reading::Known(read) = dhcp_servers(br#"[{"program":"dnsmasq"}]"#) else { panic!() };
        assert_eq!(read[0].pools, Reading::Unknown(Unread::NotTried));
        let text =
            br#"[{"program":"x","clients":[{"mac":"?","address":"1.2.3.4","leased":true}]}]"#;
        let Reading::Known(read) = dhcp_servers(text) else { panic!() };
        assert_eq!(read[0].clients, Reading::Known(Vec::new()));
        for text in [&b""[..], b"{}", b"[1]", br#"[{"program":"x","addresses":["y"]}]"#] {
            assert!(matches!(dhcp_servers(text), Reading::Unknown(Unread::Malformed(_))));
        }
    }
}
