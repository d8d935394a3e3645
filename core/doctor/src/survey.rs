//! The host's own texts on its bridges, firewall, listeners, DHCP servers, names and routes.

use std::{net::IpAddr, thread::ScopedJoinHandle};

use vmkit_platform::{Platform as _, SurveyTexts};
use vmkit_rights::{Broker, Refusal, SurveyPart};
use vmkit_survey::{DhcpServer, Firewall, Survey};
use vmkit_types::{Reading, Unread};

use crate::Gathered;

/// Runs the system's tools, by the broker where root sees more, and asks the kernel for the routes to
/// these addresses.
pub(crate) fn texts(broker: &Broker, addresses: &[IpAddr]) -> SurveyTexts {
    std::thread::scope(|scope| {
        let firewall = scope.spawn(|| broker.survey(SurveyPart::Firewall));
        let document = scope.spawn(|| broker.survey(SurveyPart::FirewallDocument));
        let listeners = scope.spawn(|| broker.survey(SurveyPart::Listeners));
        let servers = scope.spawn(|| broker.survey(SurveyPart::DhcpServers));
        let platform = vmkit_platform::current();
        let (bridges, hosts) = (platform.bridges(), platform.hosts_file());
        let routes = platform.routes_to(addresses);
        SurveyTexts {
            bridges,
            hosts,
            routes,
            forwarding: platform.forwarding(),
            own_leases: platform.own_leases(),
            firewall: answer(firewall),
            firewall_document: answer(document),
            listeners: answer(listeners),
            servers: answer(servers),
        }
    })
}

fn answer(asked: ScopedJoinHandle<'_, Result<String, Refusal>>) -> Reading<String> {
    match asked.join() {
        Ok(Ok(text)) => Reading::Known(text),
        Ok(Err(refusal)) => Reading::Unknown(refusal.into()),
        Err(_) => Reading::Unknown(Unread::Failed("asking vm-broker ended early".to_owned())),
    }
}

/// Reads the texts.
pub(crate) fn survey(texts: &SurveyTexts) -> Survey {
    Survey {
        bridges: flat(texts.bridges.as_ref(), |text| vmkit_survey::bridges(text.as_bytes())),
        firewall: firewall(texts),
        listeners: texts.listeners.as_ref().map(|text| vmkit_survey::listeners(text.as_bytes())),
        servers: servers(texts),
        hosts: texts.hosts.as_ref().map(|text| vmkit_survey::hosts(text)),
        forwarding: flat(texts.forwarding.as_ref(), |text| {
            vmkit_survey::forwarding(text.as_bytes())
        }),
        routes: texts.routes.as_ref().map(|text| vmkit_survey::routes(text.as_bytes())),
        own_leases: flat(texts.own_leases.as_ref(), |text| {
            vmkit_survey::own_leases(text.as_bytes())
        }),
    }
}

fn firewall(texts: &SurveyTexts) -> Reading<Firewall> {
    flat(texts.firewall.as_ref(), |text| {
        let document = texts.firewall_document.as_ref().known();
        vmkit_survey::firewall(text.as_bytes(), document.map(String::as_bytes))
    })
}

fn servers(texts: &SurveyTexts) -> Reading<Vec<DhcpServer>> {
    flat(texts.servers.as_ref(), |text| vmkit_survey::dhcp_servers(text.as_bytes()))
}

/// Reads the firewall again, whose counters now include what was dropped during the captures, and the DHCP
/// servers, which may have answered meanwhile. The bridges stay as they were before, since a port that was
/// learning then may forward now.
pub(crate) fn with_new_counters(gathered: Gathered, broker: &Broker) -> Gathered {
    let (firewall, firewall_document, servers) = std::thread::scope(|scope| {
        let firewall = scope.spawn(|| broker.survey(SurveyPart::Firewall));
        let document = scope.spawn(|| broker.survey(SurveyPart::FirewallDocument));
        let servers = scope.spawn(|| broker.survey(SurveyPart::DhcpServers));
        (answer(firewall), answer(document), answer(servers))
    });
    with_newer(gathered, firewall, firewall_document, servers)
}

/// What was gathered with these texts instead of its own, as far as they could be read: one that could not is
/// no reason to forget what the same text said before.
fn with_newer(
    gathered: Gathered,
    new_firewall: Reading<String>,
    new_document: Reading<String>,
    new_servers: Reading<String>,
) -> Gathered {
    let Reading::Known(old) = gathered.texts else { return gathered };
    let forgets = |new: &Reading<String>, old: &Reading<String>| {
        matches!((new, old), (Reading::Unknown(_), Reading::Known(_)))
    };
    let mut texts = old;
    // The document says more of the same rules.
    if !forgets(&new_firewall, &texts.firewall) && !forgets(&new_document, &texts.firewall_document)
    {
        (texts.firewall, texts.firewall_document) = (new_firewall, new_document);
    }
    if !forgets(&new_servers, &texts.servers) {
        texts.servers = new_servers;
    }
    let survey = Survey { firewall: firewall(&texts), servers: servers(&texts), ..gathered.survey };
    Gathered { survey, texts: Reading::Known(texts), ..gathered }
}

fn flat<T, U>(reading: Reading<T>, read: impl FnOnce(T) -> Reading<U>) -> Reading<U> {
    match reading {
        Reading::Known(value) => read(value),
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(firewall: &Reading<String>, servers: &Reading<String>) -> SurveyTexts {
        let unread = || Reading::Unknown(Unread::NotTried);
        SurveyTexts {
            bridges: unread(),
            firewall: firewall.clone(),
            firewall_document: unread(),
            forwarding: unread(),
            listeners: unread(),
            servers: servers.clone(),
            hosts: Reading::Unknown(Unread::NotTried),
            own_leases: unread(),
            routes: unread(),
        }
    }

    /// The firewall's text of the first and of the second reading, and which of them counts.
    #[test]
    fn a_second_reading_that_fails_does_not_hide_the_first() {
        let known = |text: &str| Reading::Known(text.to_owned());
        let late = || Reading::Unknown(Unread::TimedOut);
        let rows = [
            (known("-P INPUT ACCEPT"), known("-P INPUT DROP"), known("-P INPUT DROP")),
            (known("-P INPUT ACCEPT"), late(), known("-P INPUT ACCEPT")),
            (Reading::Unknown(Unread::NotTried), late(), late()),
        ];
        for (old, new, expected) in rows {
            let first = texts(&old, &old);
            let survey = survey(&first);
            let gathered = Gathered { survey, texts: Reading::Known(first), ..Gathered::default() };
            let unread = Reading::Unknown(Unread::NotTried);
            let again = with_newer(gathered, new.clone(), unread, new.clone());
            let kept = again.texts.as_ref().known().map(|it| (&it.firewall, &it.servers));
            assert_eq!(kept, Some((&expected, &expected)), "{old:?} {new:?}");
            let expected = super::survey(&texts(&expected, &expected));
            assert_eq!(again.survey.firewall, expected.firewall, "{old:?} {new:?}");
        }
    }
}
