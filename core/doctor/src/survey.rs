//! The host's own texts on its bridges, firewall, listeners, DHCP servers, names and routes.

use std::{net::IpAddr, thread::ScopedJoinHandle};

use vmkit_platform::{Platform as _, SurveyTexts};
use vmkit_rights::{Broker, Refusal, SurveyPart};
use vmkit_survey::Survey;
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
        firewall: flat(texts.firewall.as_ref(), |text| {
            let document = texts.firewall_document.as_ref().known();
            vmkit_survey::firewall(text.as_bytes(), document.map(String::as_bytes))
        }),
        listeners: texts.listeners.as_ref().map(|text| vmkit_survey::listeners(text.as_bytes())),
        servers: flat(texts.servers.as_ref(), |text| vmkit_survey::dhcp_servers(text.as_bytes())),
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

/// Reads the firewall again, whose counters now include what was dropped during the captures, and the DHCP
/// servers, which may have answered meanwhile. The bridges stay as they were before, since a port that was learning then may forward now.
pub(crate) fn with_new_counters(gathered: Gathered, broker: &Broker) -> Gathered {
    let new = texts(broker, &[]);
    let Survey { firewall, servers, .. } = survey(&new);
    let survey = Survey { firewall, servers, ..gathered.survey };
    let texts = gathered.texts.map(|texts| SurveyTexts {
        firewall: new.firewall,
        firewall_document: new.firewall_document,
        servers: new.servers,
        ..texts
    });
    Gathered { survey, texts, ..gathered }
}

fn flat<T, U>(reading: Reading<T>, read: impl FnOnce(T) -> Reading<U>) -> Reading<U> {
    match reading {
        Reading::Known(value) => read(value),
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    }
}
