//! When machines' monitors are asked whether they are paused, and what a pause means for the evidence.

use vmkit_model::Evidence;
use vmkit_types::Kind;

/// Up to this many machines, all monitors are asked before an address is probed, so that nobody waits
/// for a paused one to answer. QEMU takes 0.4 ms for each, reading byte by byte, which adds up: of more
/// machines, only those that have not answered are asked.
pub(super) const FEW: usize = 16;

/// Drops what signals reported of the silence of paused machines, which could not have answered.
pub(super) fn forget_silence(evidence: &mut Vec<Evidence>, is_paused: impl Fn(usize) -> bool) {
    evidence.retain(|item| {
        let silence =
            matches!(item.observation.kind, Kind::SshTimeout | Kind::IcmpSilent | Kind::ArpSilent);
        !(silence && is_paused(item.observation.vm))
    });
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use vmkit_types::Observation;

    use super::*;

    #[test]
    fn drops_the_silence_of_paused_machines_alone() {
        let facts = [
            (0, Kind::NeighbourReachable),
            (0, Kind::SshTimeout),
            (0, Kind::ArpSilent),
            (0, Kind::IcmpSilent),
            (1, Kind::SshTimeout),
        ];
        let item = |(id, (vm, kind)): (u32, (usize, Kind))| {
            let observation = Observation::new(vm, kind, "as it says").into();
            let received_at = SystemTime::UNIX_EPOCH;
            Evidence { id, plugin: "x".into(), received_at, observation }
        };
        let mut all: Vec<Evidence> = (0..).zip(facts).map(item).collect();
        forget_silence(&mut all, |vm| vm == 0);
        let left: Vec<_> = all.iter().map(|item| item.id).collect();
        assert_eq!(left, [0, 4]);
    }
}
