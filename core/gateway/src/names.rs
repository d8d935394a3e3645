//! The names that the system's resolver has for the gateway.

use std::{
    net::IpAddr,
    sync::mpsc,
    time::{Duration, Instant},
};

/// Time limit of the resolver, which is asked about a neighbour.
const LOOKUP_LIMIT: Duration = Duration::from_millis(700);
/// Longest name in DNS, in bytes.
const LONGEST_NAME: usize = 253;

/// The gateway's names; none where the resolver gives none in time.
pub(crate) fn look_up(gateway: IpAddr, deadline: Instant) -> Vec<String> {
    let (sender, answer) = mpsc::channel();
    // The system's resolver takes no deadline, so past ours its thread is abandoned.
    std::thread::spawn(move || sender.send(dns_lookup::lookup_addr(&gateway)).ok());
    let left = deadline.saturating_duration_since(Instant::now()).min(LOOKUP_LIMIT);
    let name = answer.recv_timeout(left).ok().and_then(Result::ok);
    // The resolver returns the address if there is no name.
    let is_name = |name: &String| name.parse::<IpAddr>().is_err();
    name.filter(is_name)
        .map(|name| vmkit_types::bounded(&name, LONGEST_NAME).to_owned())
        .into_iter()
        .collect()
}
