//! Findings that are faults in themselves.

use crate::{Catalogue, Fault, Finding, FindingCode, State};

/// The present findings that are faults, whatever causes them.
pub(crate) fn faults<'a>(
    findings: &'a [Finding],
    catalogue: &Catalogue,
) -> impl Iterator<Item = &'a Finding> {
    let found = |code: FindingCode| findings.iter().find(|finding| finding.code == code);
    let reached = found(FindingCode::SshRefused)
        .is_some_and(|each| matches!(each.state, State::Absent(_)))
        && found(FindingCode::SshFiltered)
            .is_none_or(|each| !matches!(each.state, State::Present(_)));
    let matters = move |finding: &&Finding| match catalogue.finding(finding.code).fault {
        Fault::Always => true,
        Fault::UnlessReached => !reached,
        Fault::Never => false,
    };
    let present = findings.iter().filter(|each| matches!(each.state, State::Present(_)));
    present.filter(matters)
}
