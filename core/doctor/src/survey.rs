//! The host's own texts on its bridges, firewall, listeners and names.

use vmkit_platform::{Platform as _, SurveyTexts};
use vmkit_survey::Survey;
use vmkit_types::Reading;

use crate::Gathered;

/// Runs the system's tools.
pub(crate) fn texts() -> SurveyTexts {
    vmkit_platform::current().survey()
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
pub(crate) fn with_new_counters(gathered: Gathered) -> Gathered {
    let new = texts();
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
