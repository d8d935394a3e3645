//! The host's own texts on its bridges, firewall, listeners and names.

use std::thread::ScopedJoinHandle;

use vmkit_platform::{Platform as _, SurveyTexts};
use vmkit_rights::{Broker, Refusal, SurveyPart};
use vmkit_survey::Survey;
use vmkit_types::{Reading, Unread};

use crate::Gathered;

/// Runs the system's tools, by the broker where root sees more.
pub(crate) fn texts(broker: &Broker) -> SurveyTexts {
    std::thread::scope(|scope| {
        let firewall = scope.spawn(|| broker.survey(SurveyPart::Firewall));
        let listeners = scope.spawn(|| broker.survey(SurveyPart::Listeners));
        let platform = vmkit_platform::current();
        let (bridges, hosts) = (platform.bridges(), platform.hosts_file());
        SurveyTexts { bridges, hosts, firewall: answer(firewall), listeners: answer(listeners) }
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
        firewall: flat(texts.firewall.as_ref(), |text| vmkit_survey::firewall(text.as_bytes())),
        listeners: texts.listeners.as_ref().map(|text| vmkit_survey::listeners(text.as_bytes())),
        hosts: texts.hosts.as_ref().map(|text| vmkit_survey::hosts(text)),
    }
}

/// Reads the firewall again: its counters now include what was dropped during the captures. The
/// bridges stay as they were before, since a port that was learning then may forward now.
pub(crate) fn with_new_counters(gathered: Gathered, broker: &Broker) -> Gathered {
    let new = texts(broker);
    let survey = Survey { firewall: survey(&new).firewall, ..gathered.survey };
    let texts = gathered.texts.map(|texts| SurveyTexts { firewall: new.firewall, ..texts });
    Gathered { survey, texts, ..gathered }
}

fn flat<T, U>(reading: Reading<T>, read: impl FnOnce(T) -> Reading<U>) -> Reading<U> {
    match reading {
        Reading::Known(value) => read(value),
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    }
}
