//! What a confirming signal asks: each candidate address once, whoever's candidate it is.

use std::{collections::HashMap, net::IpAddr};

use vmkit_types::Subject;

/// Candidates of one machine that are asked. A machine with more has a confused history, and the
/// host hands over the likeliest first.
const CANDIDATES: usize = 4;

/// One address, and the machines that it is a candidate of.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The address.
    pub address: IpAddr,
    /// Indices of the machines in the batch.
    pub machines: Vec<usize>,
}

/// The addresses to ask, each once; every machine's first candidate before anybody's second, for
/// the host's deadline may come first.
pub fn targets(vms: &[Subject]) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    let mut index = HashMap::new();
    for rank in 0..CANDIDATES {
        for (vm, subject) in vms.iter().enumerate() {
            let Some(&address) = subject.candidates.get(rank) else { continue };
            let at = *index.entry(address).or_insert_with(|| {
                targets.push(Target { address, machines: Vec::new() });
                targets.len() - 1
            });
            if !targets[at].machines.contains(&vm) {
                targets[at].machines.push(vm);
            }
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_asked_once_and_a_machine_has_four_at_most() {
        let vm = |last: &[u8]| Subject {
            candidates: last.iter().map(|last| [10, 0, 0, *last].into()).collect(),
            ..Subject::default()
        };
        let targets = targets(&[vm(&[1, 2, 1, 4, 5]), vm(&[2, 6]), vm(&[])]);
        let rows: Vec<_> =
            targets.iter().map(|t| format!("{} {:?}", t.address, t.machines)).collect();
        assert_eq!(rows, ["10.0.0.1 [0]", "10.0.0.2 [1, 0]", "10.0.0.6 [1]", "10.0.0.4 [0]"]);
    }
}
