//! The names that the system's resolver has for the gateway.

use std::{
    net::IpAddr,
    sync::mpsc,
    time::{Duration, Instant},
};

/// How long the resolver may take: it is asked about a neighbour.
const ANSWER: Duration = Duration::from_millis(700);
/// Longest name that is kept, as DNS allows.
const LONGEST_NAME: usize = 253;

/// The names, none where nobody knows one in time.
pub(crate) fn of(gateway: IpAddr, deadline: Instant) -> Vec<String> {
    let (sender, answer) = mpsc::channel();
    // The resolver of the system cannot be told a deadline: it is left behind past ours.
    std::thread::spawn(move || sender.send(dns_lookup::lookup_addr(&gateway)).ok());
    let left = deadline.saturating_duration_since(Instant::now()).min(ANSWER);
    let name = answer.recv_timeout(left).ok().and_then(Result::ok);
    // Without a name the resolver gives the address back.
    let is_name = |name: &String| name.parse::<IpAddr>().is_err();
    name.filter(is_name)
        .map(|name| vmkit_types::bounded(&name, LONGEST_NAME).to_owned())
        .into_iter()
        .collect()
}
