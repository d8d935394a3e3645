//! Whether the guest is still booting, and the findings that mean nothing until it has booted.

use vmkit_types::Unread;

use crate::{
    Catalogue, Facts, Finding, FindingCode, State, WhileBooting,
    boot::{Boot, tried_network},
};

const CODE: FindingCode = FindingCode::BootUnfinished;

/// Records the state of the boot, and withdraws findings that are present during any boot.
pub(super) fn judge(facts: &Facts<'_>, catalogue: &Catalogue, findings: &mut [Finding]) {
    let boot = Boot::of(facts, &catalogue.boot);
    let goes_on = matches!(boot, Boot::GoesOn(_));
    let state = match boot {
        Boot::GoesOn(says) => State::Present(says),
        Boot::Ended(says) => State::Absent(says),
        Boot::Unknown(why) => State::NotObserved(Unread::Failed(why)),
    };
    if let Some(finding) = findings.iter_mut().find(|finding| finding.code == CODE) {
        finding.state = state;
    }
    if !goes_on {
        return;
    }
    let tried = tried_network(facts, findings, catalogue);
    for finding in findings {
        let withdrawn = match catalogue.finding(finding.code).while_booting {
            WhileBooting::UntilEnd => true,
            WhileBooting::UntilNetwork => !tried,
            WhileBooting::Counts | WhileBooting::ShowsNetwork | WhileBooting::IsBoot => false,
        };
        if let State::Present(says) = &finding.state
            && withdrawn
        {
            let why = format!("the guest is still booting ({says})");
            finding.state = State::NotObserved(Unread::Failed(why));
        }
    }
}
