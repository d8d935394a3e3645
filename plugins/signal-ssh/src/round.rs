//! All addresses of a batch at once.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    runtime,
    task::JoinSet,
    time::{Instant, timeout},
};
use vmkit_plugin::{Cx, Error, ErrorCode, Result, Target, Unread};

use crate::{outcome::Outcome, probe::probe, snapshot};

/// Connections at one time: a quarter of the descriptors that a worker may have, and a burst of
/// SYNs that a home router's tables bear.
const CONNECTIONS: usize = 256;
/// Time kept back from the host's deadline to report what was found.
const MARGIN: Duration = Duration::from_millis(20);
/// How often a waiting round looks whether the host has cancelled it.
const CANCEL_CHECK: Duration = Duration::from_millis(25);

/// Asks all of them and reports each answer as it comes.
pub(crate) fn run(targets: &[Target], port: u16, configured: Duration, cx: &Cx<'_>) -> Result<()> {
    let mut answers = Vec::new();
    let mut report = |target: &Target, outcome: Outcome| {
        let machines = target.machines.iter();
        let facts = machines.map(|&vm| outcome.observation(vm, target.address, port)).collect();
        answers.push((target.address, outcome));
        cx.emit_all(facts)
    };
    if !targets.is_empty() {
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| Error::io("start the network runtime", &error))?;
        runtime.block_on(ask(targets, port, configured, cx, &mut report))?;
    }
    snapshot::record(&answers, port, cx)
}

async fn ask(
    targets: &[Target],
    port: u16,
    configured: Duration,
    cx: &Cx<'_>,
    report: &mut impl FnMut(&Target, Outcome) -> Result<()>,
) -> Result<()> {
    let deadline = Instant::now() + cx.remaining().saturating_sub(MARGIN);
    let mut waiting = targets.iter().enumerate();
    let mut asked = JoinSet::new();
    loop {
        while asked.len() < CONNECTIONS
            && let Some((number, target)) = waiting.next()
        {
            let allowed = configured.min(deadline.saturating_duration_since(Instant::now()));
            if allowed.is_zero() {
                report(target, Outcome::Unread(Unread::TimedOut))?;
                continue;
            }
            let to = SocketAddr::new(target.address, port);
            asked.spawn(async move { (number, probe(to, allowed, configured).await) });
        }
        match timeout(CANCEL_CHECK, asked.join_next()).await {
            Ok(Some(Ok((number, outcome)))) => report(&targets[number], outcome)?,
            // A probe that panicked is a fault of this plugin: pass it on.
            Ok(Some(Err(error))) => return Err(Error::new(ErrorCode::Other, error.to_string())),
            Ok(None) => return Ok(()),
            Err(_) => cx.check()?,
        }
    }
}
