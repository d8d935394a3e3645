//! The name servers, and how they answered.

use std::net::IpAddr;

use vmkit_types::{Reading, Unread};

use crate::{
    facts::{NameServer, ServerAnswer},
    parts::Parts,
};

/// Most servers: a resolver reads three.
const MOST: usize = 3;

/// Reads the servers. A guest without any is known to have none.
pub(crate) fn read(parts: &Parts) -> Reading<Vec<NameServer>> {
    let named = match parts.text("servers") {
        Ok(text) => text.lines().filter_map(named).take(MOST).count(),
        Err(why) => return Reading::Unknown(why),
    };
    if named == 0 {
        return Reading::Known(Vec::new());
    }
    match parts.text("answers") {
        Ok(text) => {
            let servers: Vec<NameServer> = text.lines().filter_map(answer).take(MOST).collect();
            if servers.is_empty() {
                let why = "how the guest's name servers answer".to_owned();
                return Reading::Unknown(Unread::Malformed(why));
            }
            Reading::Known(servers)
        }
        Err(why) => Reading::Unknown(why),
    }
}

/// The address in a line of `resolv.conf`.
fn named(line: &str) -> Option<IpAddr> {
    let mut words = line.split_whitespace();
    (words.next()? == "nameserver").then_some(())?;
    address(words.next()?)
}

/// A line such as `192.0.2.53 silent`.
fn answer(line: &str) -> Option<NameServer> {
    let (server, word) = line.split_once(' ')?;
    let answer = match word.trim() {
        "answers" => ServerAnswer::Answers,
        "refuses" => ServerAnswer::Refuses,
        "unreachable" => ServerAnswer::Unreachable,
        "silent" => ServerAnswer::Silent,
        _ => return None,
    };
    Some(NameServer { address: address(server)?, answer })
}

/// An address, without the name of its link.
fn address(text: &str) -> Option<IpAddr> {
    text.split_once('%').map_or(text, |(address, _)| address).parse().ok()
}
