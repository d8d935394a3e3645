//! What a confirming signal probes: each candidate address once, even if several machines share it.

use std::{collections::HashMap, net::IpAddr};

use vmkit_plugin::Subject;

/// Most candidates of one machine that are probed. A machine with more has a confused history, and
/// the host lists the likeliest first.
const CANDIDATES: usize = 4;

/// One address, and the machines that it is a candidate of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The address.
    pub address: IpAddr,
    /// Indices of the machines in the batch.
    pub machines: Vec<usize>,
}

/// The addresses to probe, each once. Every machine's first candidate comes before any second one,
/// because the host's deadline may come first.
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
    fn probes_each_address_once_and_four_of_a_machine_at_most() {
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
