//! Which machines are paused: whose monitor is asked when, and what that means for the evidence.

use vmkit_model::Evidence;
use vmkit_scoring::{Flag, Pick};
use vmkit_types::Kind;

/// Of so many machines, all monitors are asked before an address is probed: nobody then waits for a
/// paused one to answer. QEMU works 0.4 ms for each, reading byte by byte, which a hundred together
/// make felt: of more machines, only those are asked that have not answered.
pub(crate) const FEW: usize = 16;

/// Whether the guest itself answers at the address, so that it is not paused.
pub(crate) fn answers(pick: &Pick) -> bool {
    let shared =
        |flag: &Flag| matches!(flag, Flag::DuplicateIp | Flag::DuplicateMac | Flag::MacMismatch);
    pick.picked().is_some_and(|candidate| {
        let mut counted = candidate.ledger.iter().filter(|entry| entry.counted());
        !candidate.flags.iter().any(shared)
            && counted.any(|entry| entry.evidence.observation.kind == Kind::SshReady)
    })
}

/// Takes back what was said of the silence of paused machines: they could not have answered.
pub(crate) fn forget_silence(evidence: &mut Vec<Evidence>, is_paused: impl Fn(usize) -> bool) {
    evidence.retain(|item| {
        let silence =
            matches!(item.observation.kind, Kind::SshTimeout | Kind::IcmpSilent | Kind::ArpSilent);
        !(silence && is_paused(item.observation.vm))
    });
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, time::SystemTime};

    use vmkit_scoring::{Case, Weights, score};
    use vmkit_types::{Mac, Observation};

    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 77, 9));

    fn evidence(facts: &[(usize, Kind)]) -> Vec<Evidence> {
        let mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
        let item = |(id, (vm, kind)): (u32, &(usize, Kind))| {
            let observation = Observation::new(*vm, kind.clone(), "as it says").at(ADDRESS);
            let observation = if *kind == Kind::NeighbourReachable {
                observation.on_mac(mac)
            } else {
                observation
            };
            let received_at = SystemTime::UNIX_EPOCH;
            Evidence { id, plugin: "x".into(), received_at, observation: observation.into() }
        };
        (0..).zip(facts).map(item).collect()
    }

    #[test]
    fn only_a_guest_that_is_alone_at_its_address_and_answers_is_known_to_run() {
        let case = |name: &str| Case {
            name: name.to_owned(),
            macs: vec![Mac::new([0x52, 0x54, 0, 0, 0, 1])],
            running: true,
            ..Case::default()
        };
        let seen = (0, Kind::NeighbourReachable);
        let rows = [
            (1, vec![seen.clone(), (0, Kind::SshReady)], true),
            (1, vec![seen.clone(), (0, Kind::SshTimeout)], false),
            (1, vec![seen.clone()], false),
            // A clone with the same MAC may be the one that answers.
            (2, vec![seen, (0, Kind::SshReady), (1, Kind::NeighbourReachable)], false),
        ];
        let weights = Weights::builtin().expect("the built-in table");
        for (machines, facts, expected) in rows {
            let cases: Vec<_> = ["web", "clone"].iter().take(machines).map(|n| case(n)).collect();
            let evidence = evidence(&facts);
            let picks = score(&cases, &evidence, None, SystemTime::UNIX_EPOCH, &weights);
            assert_eq!(answers(&picks[0]), expected, "{machines} {facts:?}");
        }
    }

    #[test]
    fn the_silence_of_a_paused_machine_says_nothing() {
        let mut all = evidence(&[
            (0, Kind::NeighbourReachable),
            (0, Kind::SshTimeout),
            (0, Kind::ArpSilent),
            (0, Kind::IcmpSilent),
            (1, Kind::SshTimeout),
        ]);
        forget_silence(&mut all, |vm| vm == 0);
        let left: Vec<_> = all.iter().map(|item| item.id).collect();
        assert_eq!(left, [0, 4]);
    }
}
