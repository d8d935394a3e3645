//! What the DHCP servers of this computer say of themselves: which networks they serve, and how full they are.

use std::net::Ipv4Addr;

use vmkit_survey::{Client, DhcpServer, Pool};
use vmkit_types::{Prefix, Reading, Unread, escaped};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode};

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let code = FindingCode::PoolExhausted;
    let servers = match &facts.survey.servers {
        Reading::Known(servers) => servers.as_slice(),
        Reading::Unknown(why) if attachment.shared => return sheet.unknown(code, why),
        // The server of a bridged machine's network is another computer.
        Reading::Unknown(_) | Reading::Absent => return,
    };
    let mut unknown = None;
    let mut full = None;
    for server in servers.iter().filter(|server| serves(server, attachment) == Some(true)) {
        match fullness(server, facts, attachment) {
            Some(Fullness::Free(says)) => return sheet.absent(code, says),
            Some(Fullness::Full(says)) => full = Some(says),
            Some(Fullness::Unknown(why)) => unknown = Some(why),
            None => {}
        }
    }
    match (unknown, full) {
        (Some(why), _) => sheet.unknown(code, &why),
        (None, Some(says)) => sheet.present(code, says),
        (None, None) => {}
    }
}

/// Whether a server serves the link of a machine. `None`: it is not known which networks it serves.
pub(super) fn serves(server: &DhcpServer, attachment: &Attachment<'_>) -> Option<bool> {
    attachment.link()?;
    let is_limited = !server.interfaces.is_empty() || !server.addresses.is_empty();
    let here = server.interfaces.iter().any(|interface| attachment.passes(interface))
        || server.addresses.iter().any(|own| is_own(*own, attachment));
    if is_limited && !here {
        return Some(false);
    }
    let networks = attachment.networks();
    match &server.pools {
        // On an interface without an address nobody can tell which range is meant for it.
        Reading::Known(_) if networks.is_empty() => is_limited.then_some(true),
        Reading::Known(pools) => Some(pools.iter().any(|pool| is_in(pool, &networks))),
        Reading::Absent | Reading::Unknown(_) => is_limited.then_some(true),
    }
}

fn is_own(address: Ipv4Addr, attachment: &Attachment<'_>) -> bool {
    attachment.networks().iter().any(|prefix| prefix.address == address)
}

fn is_in(pool: &Pool, networks: &[Prefix]) -> bool {
    networks.iter().any(|network| network.contains(pool.first.into()))
}

enum Fullness {
    Full(String),
    Free(String),
    Unknown(Unread),
}

/// Whether a server has an address for the machine. `None`: it has no range for the machine's network.
fn fullness(
    server: &DhcpServer,
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
) -> Option<Fullness> {
    let name = format!("{} on {}", escaped(&server.program), escaped(attachment.link()?));
    let in_log = || Fullness::Full(format!("{name} says so in its log about the VM's MAC"));
    let refusal = refusal(server, facts);
    if refusal == Some(Refusal::InThisBoot) {
        return Some(in_log());
    }
    let pools = match &server.pools {
        Reading::Known(pools) => pools,
        Reading::Absent => return None,
        Reading::Unknown(_) if refusal.is_some() => return Some(in_log()),
        Reading::Unknown(why) => return Some(Fullness::Unknown(why.clone())),
    };
    if let Some(client) = own(server, facts) {
        let how = if client.leased { "has leased" } else { "keeps" };
        return Some(Fullness::Free(format!("{name} {how} {} for it", client.address)));
    }
    let networks = attachment.networks();
    let here: Vec<&Pool> =
        pools.iter().filter(|pool| networks.is_empty() || is_in(pool, &networks)).collect();
    let first = here.first()?;
    let range = match here.len() {
        1 => format!("{}–{}", first.first, first.last),
        several => format!("{several} ranges"),
    };
    let all = here.iter().fold(0_u64, |all, pool| all.saturating_add(pool.addresses));
    Some(match free(&here) {
        Reading::Known(0) => Fullness::Full(format!("{name} has none left of {all} in {range}")),
        Reading::Known(free) => {
            Fullness::Free(format!("{name} has {free} left of {all} in {range}"))
        }
        Reading::Unknown(_) if refusal.is_some() => in_log(),
        Reading::Unknown(why) => Fullness::Unknown(why),
        Reading::Absent => return None,
    })
}

fn free(pools: &[&Pool]) -> Reading<u64> {
    let mut free = 0_u64;
    for pool in pools {
        match &pool.free {
            Reading::Known(left) => free = free.saturating_add(*left),
            Reading::Absent => {}
            Reading::Unknown(why) => return Reading::Unknown(why.clone()),
        }
    }
    Reading::Known(free)
}

/// The address that the server has for this machine: leased to it, or reserved for it and leased to nobody else.
fn own<'s>(server: &'s DhcpServer, facts: &Facts<'_>) -> Option<&'s Client> {
    let clients = server.clients.as_ref().known()?;
    let is_own = |client: &&Client| facts.machine.macs.contains(&client.mac);
    let is_taken = |address| clients.iter().any(|it| it.leased && it.address == address);
    let mut own = clients.iter().filter(is_own);
    own.find(|client| client.leased || !is_taken(client.address))
}

/// When the server wrote that it has no address for this machine, if that is the last that it wrote about it.
#[derive(PartialEq)]
enum Refusal {
    InThisBoot,
    AtSomeTime,
}

fn refusal(server: &DhcpServer, facts: &Facts<'_>) -> Option<Refusal> {
    let answers = server.answers.as_ref().known()?;
    let own = answers.iter().filter(|answer| facts.machine.macs.contains(&answer.mac));
    let refused = own.filter(|answer| answer.refused);
    let mut when = refused.filter_map(|answer| match (answer.at, facts.machine.started_at) {
        (Some(at), Some(started)) => (at >= started).then_some(Refusal::InThisBoot),
        _ => Some(Refusal::AtSomeTime),
    });
    when.next_back()
}
