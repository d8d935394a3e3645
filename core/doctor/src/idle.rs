//! Options of a request that had nothing to do.

use vmkit_model::Power;
use vmkit_types::Reading;

use crate::{Doctor, Request, Treatment};

/// Most guests that are named with the reason why they were not seen from inside.
const MOST_NAMED: usize = 3;

/// What decides whether an option had something to do.
#[derive(Clone, Debug, Default)]
struct Done {
    healthy: bool,
    /// A machine that was selected is known to run.
    runs: bool,
    /// Guests that could be seen to ask for an address.
    awaited: usize,
    /// Remedies that were offered.
    offered: usize,
    /// Why none was, where that is known.
    not_offered: Option<String>,
    /// Guests that were asked from inside.
    asked_inside: usize,
    /// Those that did not answer, and why.
    silent: Vec<(String, String)>,
}

impl Doctor<'_> {
    /// The options of the request that did nothing, with the reason, in a sentence each.
    pub fn idle(&self, treatment: &Treatment) -> Vec<String> {
        let Treatment { examination, fixes, omissions } = treatment;
        let (assessments, gathered) = (&examination.assessments, &examination.gathered);
        let silent = gathered.inside.keys().filter_map(|name| match gathered.way_inside(name) {
            Reading::Unknown(why) => Some((name.clone(), why.to_string())),
            Reading::Known(_) | Reading::Absent => None,
        });
        let done = Done {
            healthy: assessments.iter().all(|each| each.diagnosis.healthy),
            runs: assessments.iter().any(|each| each.machine.power == Power::Running),
            awaited: gathered.awaited,
            offered: fixes.len(),
            not_offered: omissions.first().map(|omission| omission.why.clone()),
            asked_inside: gathered.inside.len(),
            silent: silent.collect(),
        };
        idle(&self.request, &done)
    }
}

fn idle(request: &Request, done: &Done) -> Vec<String> {
    let mut idle = Vec::new();
    let why = |otherwise: &'static str| match (done.healthy, done.runs) {
        (true, _) => "no VM has a problem",
        (false, false) => "no VM here is known to run",
        (false, true) => otherwise,
    };
    if request.waits() && done.awaited == 0 {
        let option = if request.unplug { "--provoke" } else { "--wait" };
        let why = why("no guest without an address can be seen to ask for one");
        idle.push(format!("{option} did nothing: {why}"));
    }
    if request.fix.is_some() && done.offered == 0 {
        let known = done.not_offered.as_deref();
        let why = known.unwrap_or_else(|| why("no likely cause has a remedy that is a command"));
        idle.push(format!("--fix ran nothing: {why}"));
    }
    if request.inside && done.asked_inside == 0 {
        idle.push("--inside asked no guest: no VM here is known to run".to_owned());
    }
    if request.inside {
        let named = done.silent.iter().take(MOST_NAMED);
        idle.extend(named.map(|(name, why)| format!("--inside saw nothing of {name}: {why}")));
        let more = done.silent.len().saturating_sub(MOST_NAMED);
        idle.extend((more > 0).then(|| format!("--inside saw nothing of {more} more guests")));
    }
    idle
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::FixRequest;

    #[test]
    fn an_option_that_did_nothing_is_named_with_the_reason() {
        let none = Request::default;
        let wait = || Request { wait: Some(Duration::from_secs(1)), ..none() };
        let provoke = || Request { unplug: true, ..wait() };
        let fix = || Request { fix: Some(FixRequest::Offered), ..none() };
        let inside = || Request { inside: true, ..none() };
        let well = || Done { healthy: true, runs: true, ..Done::default() };
        let ill = || Done { runs: true, ..Done::default() };
        let refused = || Done {
            asked_inside: 2,
            silent: vec![("web".to_owned(), "the login was refused".to_owned())],
            ..well()
        };
        let unattended = Done { not_offered: Some("nobody can be asked".to_owned()), ..ill() };
        let rows: [(Request, Done, &[&str]); 10] = [
            (none(), well(), &[]),
            (provoke(), well(), &["--provoke did nothing: no VM has a problem"]),
            (provoke(), Done { awaited: 1, ..ill() }, &[]),
            (wait(), Done::default(), &["--wait did nothing: no VM here is known to run"]),
            (fix(), Done::default(), &["--fix ran nothing: no VM here is known to run"]),
            (fix(), unattended, &["--fix ran nothing: nobody can be asked"]),
            (fix(), Done { offered: 1, ..ill() }, &[]),
            (inside(), well(), &["--inside asked no guest: no VM here is known to run"]),
            (inside(), refused(), &["--inside saw nothing of web: the login was refused"]),
            (none(), refused(), &[]),
        ];
        for (request, done, expected) in rows {
            assert_eq!(idle(&request, &done), expected, "{request:?} {done:?}");
        }
    }
}
