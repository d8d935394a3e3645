//! Many questions at once.

use std::{future::Future, net::IpAddr, time::Duration};

use tokio::{task::JoinSet, time::Instant};
use vmkit_plugin::{Cx, Error, ErrorCode, Observation, Result, Unread};

use crate::{Target, block_on, time_left, unless_cancelled};

/// Bounds of one call's questions.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most questions that wait for an answer at one time.
    pub at_once: usize,
    /// How long one question waits for its answer.
    pub timeout: Duration,
}

/// Asks all questions, and reports each answer as it comes. `start` begins a question that must end
/// within the given time. A question that the host's deadline leaves no time for is reported as
/// `TimedOut`.
///
/// # Errors
/// Those of `start` and `report`; the host has cancelled the call; a question panicked.
pub fn ask_all<Q, A, F>(
    questions: &[Q],
    limits: Limits,
    cx: &Cx<'_>,
    mut start: impl FnMut(&Q, Duration) -> Result<F>,
    mut report: impl FnMut(&Q, Result<A, Unread>) -> Result<()>,
) -> Result<()>
where
    F: Future<Output = Result<A, Unread>> + Send + 'static,
    A: Send + 'static,
{
    if questions.is_empty() {
        return Ok(());
    }
    block_on(async {
        let deadline = Instant::now() + time_left(cx);
        let mut waiting = questions.iter().enumerate();
        let mut asked = JoinSet::new();
        loop {
            while asked.len() < limits.at_once
                && let Some((number, question)) = waiting.next()
            {
                let left = deadline.saturating_duration_since(Instant::now());
                let allowed = limits.timeout.min(left);
                if allowed.is_zero() {
                    report(question, Err(Unread::TimedOut))?;
                    continue;
                }
                let answer = start(question, allowed)?;
                asked.spawn(async move { (number, answer.await) });
            }
            match unless_cancelled(asked.join_next(), cx).await? {
                Some(Ok((number, answer))) => report(&questions[number], answer)?,
                // A panic is a fault of the plugin: pass it on.
                Some(Err(error)) => return Err(Error::new(ErrorCode::Other, error.to_string())),
                None => return Ok(()),
            }
        }
    })
}

/// Probes every target, and reports what each probe gave about each of the target's machines.
/// Returns what was seen, for a record.
///
/// # Errors
/// Those of [`ask_all`]; the host no longer listens.
pub fn probe_all<T, F>(
    targets: &[Target],
    limits: Limits,
    cx: &Cx<'_>,
    start: impl FnMut(&Target, Duration) -> Result<F>,
    observe: impl Fn(usize, &T) -> Observation,
) -> Result<Vec<(IpAddr, T)>>
where
    F: Future<Output = Result<T, Unread>> + Send + 'static,
    T: Send + 'static,
{
    let mut seen = Vec::new();
    ask_all(targets, limits, cx, start, |target, outcome| {
        let observation = |&vm: &usize| match &outcome {
            Ok(outcome) => observe(vm, outcome).at(target.address),
            Err(why) => Observation::unread(vm, why).at(target.address),
        };
        cx.emit_all(target.machines.iter().map(observation).collect())?;
        seen.extend(outcome.ok().map(|outcome| (target.address, outcome)));
        Ok(())
    })?;
    Ok(seen)
}
