//! How clear the address of one machine is, which decides what else is asked.

use vmkit_scoring::{Flag, Pick, Verdict, Weights};
use vmkit_types::Kind;

/// How clear the address of one machine is.
#[expect(clippy::struct_excessive_bools, reason = "each decides another question")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clarity {
    /// It has one address that can be used.
    pub(super) resolved: bool,
    /// It is resolved, and only its MAC was seen there.
    pub(super) beyond_doubt: bool,
    /// The guest itself answers there, so that it is not paused.
    pub(super) answers: bool,
    /// The address is certain enough to outlast the run.
    pub(super) certain: bool,
}

impl Clarity {
    pub(super) fn of(pick: &Pick, weights: &Weights) -> Self {
        let resolved = pick.picked().filter(|_| pick.verdict == Verdict::Resolved);
        let beyond_doubt = resolved.is_some_and(|candidate| {
            let mut counted = candidate.ledger.iter().filter(|entry| entry.counted());
            let shared = |flag: &Flag| matches!(flag, Flag::DuplicateIp | Flag::MacMismatch);
            counted.any(|entry| shows_machine(&entry.evidence.observation.kind))
                && !candidate.flags.iter().any(shared)
        });
        Self {
            resolved: resolved.is_some(),
            beyond_doubt,
            answers: answers(pick),
            certain: pick.may_be_written(weights),
        }
    }
}

/// Whether the guest itself answers at the address.
fn answers(pick: &Pick) -> bool {
    let shared =
        |flag: &Flag| matches!(flag, Flag::DuplicateIp | Flag::DuplicateMac | Flag::MacMismatch);
    pick.picked().is_some_and(|candidate| {
        let mut counted = candidate.ledger.iter().filter(|entry| entry.counted());
        !candidate.flags.iter().any(shared)
            && counted.any(|entry| entry.evidence.observation.kind == Kind::SshReady)
    })
}

/// Whether such evidence shows the machine itself at the address, by its MAC or its host key. A lease
/// or a name outlives the machine that it was given to, and the guest says what it likes.
fn shows_machine(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::NeighbourReachable
            | Kind::NeighbourStale
            | Kind::NeighbourCached
            | Kind::ArpReply
            | Kind::SshHostKey
    )
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, time::SystemTime};

    use vmkit_model::{Card, Evidence};
    use vmkit_scoring::{Case, score};
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
    fn a_guest_answers_where_no_clone_may_answer_in_its_place() {
        let case = |name: &str| Case {
            name: name.to_owned(),
            cards: Card::new(Some(Mac::new([0x52, 0x54, 0, 0, 0, 1])), None, None).into(),
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
            assert_eq!(Clarity::of(&picks[0], &weights).answers, expected, "{machines} {facts:?}");
        }
    }
}
