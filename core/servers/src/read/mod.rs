//! From a process to what its files say.

use std::net::IpAddr;

use vmkit_leases::Lease;
use vmkit_survey::{Answer, Client, DhcpServer};
use vmkit_types::{Mac, Reading, Unread};

use crate::{
    Files, Program, bootpd,
    config::{Config, LeaseFiles},
    dnsmasq,
    files::Bounded,
    isc, kea, log, pools,
};

/// Most clients that are kept; a document of them has about a megabyte.
const MOST_CLIENTS: usize = 20_000;

/// What is known of a server's process.
pub struct Sources<'a> {
    /// Its program.
    pub program: Program,
    /// Its command line.
    pub arguments: &'a [String],
    /// Its files.
    pub files: &'a dyn Files,
    /// What it wrote to the system's log.
    pub messages: Reading<String>,
    /// The present, in seconds since the Unix epoch.
    pub now: u64,
}

/// What the process says as a DHCP server for IPv4. `None`: its configuration was read and has no range, so it
/// is none.
pub fn read(sources: &Sources<'_>) -> Option<DhcpServer> {
    let Sources { program, arguments, files, messages, now } = sources;
    let bounded = &Bounded::new(*files);
    let config = match program {
        Program::Dnsmasq => dnsmasq::config(arguments, bounded),
        Program::Kea => kea::config(arguments, bounded),
        Program::Isc => isc::config(arguments, bounded),
        Program::Bootpd => bootpd::config(bounded),
    };
    if config.ranges.is_empty() && config.reserved.is_empty() && config.unread.is_none() {
        return None;
    }
    let leases = match &config.unread {
        // What was not read may name another file of leases, and further clients.
        Some(why) => Reading::Unknown(why.clone()),
        None => leases(&config.leases, *files, *now),
    };
    let messages = match &config.log {
        Some(path) => files.end(path),
        None => messages.clone(),
    };
    Some(DhcpServer {
        program: program.name().to_owned(),
        pools: match &config.unread {
            Some(why) => Reading::Unknown(why.clone()),
            None => Reading::Known(pools::pools(&config, &leases)),
        },
        clients: clients(&config, &leases),
        answers: answers(messages),
        interfaces: config.interfaces,
        addresses: config.addresses,
    })
}

/// The leases in force for IPv4.
fn leases(files: &Reading<LeaseFiles>, reader: &dyn Files, now: u64) -> Reading<Vec<Lease>> {
    let LeaseFiles { format, paths, made_at_start } = match files {
        Reading::Known(files) => files,
        Reading::Absent => return Reading::Known(Vec::new()),
        Reading::Unknown(why) => return Reading::Unknown(why.clone()),
    };
    let mut text = String::new();
    for (at, path) in paths.iter().enumerate() {
        match reader.text(path) {
            Reading::Known(part) => {
                text.push_str(&part);
                text.push('\n');
            }
            // Its path may be another one for the server.
            Reading::Absent if *made_at_start && at + 1 == paths.len() => {
                return Reading::Unknown(Unread::Failed(format!("there is no {path}")));
            }
            Reading::Absent => {}
            Reading::Unknown(why) => return Reading::Unknown(why),
        }
    }
    match format.leases(&text) {
        Ok(leases) => {
            let in_force = |lease: &Lease| lease.address.is_ipv4() && lease.validity.covers(now);
            Reading::Known(leases.into_iter().filter(in_force).collect())
        }
        Err(_) => Reading::Unknown(Unread::Malformed(format!("the leases of {}", format.server()))),
    }
}

fn clients(config: &Config, leases: &Reading<Vec<Lease>>) -> Reading<Vec<Client>> {
    let leases = match leases {
        Reading::Known(leases) => leases.as_slice(),
        Reading::Absent => &[],
        Reading::Unknown(why) => return Reading::Unknown(why.clone()),
    };
    let in_force = leases.iter().filter_map(|lease| match lease.address {
        IpAddr::V4(address) => Some(Client { mac: lease.mac?, address, leased: true }),
        IpAddr::V6(_) => None,
    });
    let reserved = config.reserved.iter().filter_map(|reserved| {
        Some(Client { mac: reserved.mac?, address: reserved.address, leased: false })
    });
    let clients: Vec<Client> = in_force.chain(reserved).take(MOST_CLIENTS + 1).collect();
    if clients.len() > MOST_CLIENTS {
        let why = format!("it has more than {MOST_CLIENTS} clients");
        return Reading::Unknown(Unread::Failed(why));
    }
    Reading::Known(clients)
}

fn answers(messages: Reading<String>) -> Reading<Vec<Answer>> {
    messages.map(|text| {
        let answers: std::collections::BTreeMap<Mac, Answer> = log::answers(&text);
        answers.into_values().collect()
    })
}

#[cfg(test)]
mod tests;
