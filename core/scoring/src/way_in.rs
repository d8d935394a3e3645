//! Where a machine is reached from this computer: at its address, or at an endpoint in place of it.

use std::net::IpAddr;

use vmkit_model::{Card, Endpoint, Machine, Power};
use vmkit_types::NetworkMode;

use crate::Pick;

impl Pick {
    /// The endpoint that the machine is reached at, if it is reached at no address of its own: one at which
    /// SSH is ready, or else the first.
    pub fn endpoint<'m>(&self, machine: &'m Machine) -> Option<&'m Endpoint> {
        let runs = matches!(machine.power, Power::Running | Power::Paused);
        let has_address = self.address.is_some() && self.address_inside(machine).is_none();
        if !runs || has_address {
            return None;
        }
        let mut endpoints = machine.endpoints.iter();
        let ready = endpoints.clone().find(|endpoint| endpoint.is_ready());
        ready.or_else(|| endpoints.next())
    }

    /// Whether SSH is ready at an endpoint that the machine is reached at: nothing is missing then, whatever
    /// its address.
    pub fn is_reached_at_endpoint(&self, machine: &Machine) -> bool {
        self.endpoint(machine).is_some_and(Endpoint::is_ready)
    }

    /// The likeliest address that the machine has inside of user networking, where no other host reaches it.
    pub fn address_inside(&self, machine: &Machine) -> Option<IpAddr> {
        let candidate = self
            .picked()
            .or_else(|| self.candidates.iter().find(|candidate| candidate.struck_out.is_none()))?;
        let is_user = |card: &Card| card.mode() == Some(NetworkMode::User);
        let card = candidate.card.and_then(|index| machine.cards.get(index));
        let inside = match card {
            Some(card) => is_user(card),
            None => machine.cards.all().all(is_user),
        };
        (inside && !candidate.on_link).then_some(candidate.address)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use vmkit_model::{How, SshAnswer, SshOutcome};
    use vmkit_types::{Reading, Unread};

    use super::*;
    use crate::{Candidate, Verdict};

    fn endpoint(port: u16, outcome: Option<SshOutcome>) -> Endpoint {
        let answer = |outcome| SshAnswer { outcome, rtt: None, banner: None };
        let unread = || Reading::Unknown(Unread::NotTried);
        Endpoint {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            how: How::Forwarded,
            ssh: outcome.map_or_else(unread, |outcome| Reading::Known(answer(outcome))),
        }
    }

    #[test]
    fn an_endpoint_is_used_where_no_address_can_be_reached() {
        let (ready, refused) = (Some(SshOutcome::Ready), Some(SshOutcome::Refused));
        let both = [endpoint(1, refused), endpoint(2, ready)];
        let (bridged, user) = (NetworkMode::Bridged, NetworkMode::User);
        let (running, stopped) = (Power::Running, Power::Stopped);
        let rows = [
            ("reached at its address", bridged, running, true, Some(true), None, None),
            ("its address is inside", user, running, true, Some(false), Some(2), Some(())),
            ("an address on a link", user, running, true, Some(true), None, None),
            ("no address", bridged, running, false, None, Some(2), None),
            ("stopped", user, stopped, false, None, None, None),
        ];
        for (case, mode, power, picked, on_link, expected, inside) in rows {
            let machine = Machine {
                power,
                endpoints: both.to_vec(),
                cards: Card::new(None, Some(mode), None).into(),
                ..Machine::new("lima".into(), "web")
            };
            let address: IpAddr = Ipv4Addr::new(10, 0, 2, 15).into();
            let candidate = |on_link| Candidate {
                address,
                probability: 0.9,
                unclaimed: 0.9,
                card: None,
                flags: Vec::new(),
                on_link,
                contested: false,
                ledger: Vec::new(),
                doubt: None,
                struck_out: None,
            };
            let pick = Pick {
                verdict: if picked { Verdict::Resolved } else { Verdict::NoAddress },
                address: picked.then_some(address),
                candidates: on_link.map(candidate).into_iter().collect(),
                ..Pick::not_checked()
            };
            let port = pick.endpoint(&machine).map(|endpoint| endpoint.address.port());
            assert_eq!(port, expected, "{case}");
            assert_eq!(pick.is_reached_at_endpoint(&machine), expected.is_some(), "{case}");
            assert_eq!(pick.address_inside(&machine).map(|_| ()), inside, "{case}");
        }
        let silent = Machine {
            power: running,
            endpoints: vec![endpoint(1, None)],
            ..Machine::new("lima".into(), "web")
        };
        let pick = Pick { verdict: Verdict::NoAddress, ..Pick::not_checked() };
        assert!(pick.endpoint(&silent).is_some() && !pick.is_reached_at_endpoint(&silent));
    }
}
