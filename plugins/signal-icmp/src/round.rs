//! All addresses of a batch at once.

use std::{net::IpAddr, time::Duration};

use tokio::{
    runtime,
    task::JoinSet,
    time::{Instant, timeout},
};
use vmkit_plugin::{Cx, Error, ErrorCode, Result, Target, Unread};

use crate::{
    echo::{Sockets, echo},
    outcome::Outcome,
};

/// Echoes on their way at one time: half of the neighbours that Linux keeps, for each address of
/// the link that nobody has becomes one.
const ECHOES: usize = 512;
/// Time kept back from the host's deadline to report what was found.
const MARGIN: Duration = Duration::from_millis(20);
/// How often a waiting round looks whether the host has cancelled it.
const CANCEL_CHECK: Duration = Duration::from_millis(25);

/// Asks all of them, reports each answer as it comes, and returns what each gave.
pub(crate) fn run(
    targets: &[Target],
    configured: Duration,
    cx: &Cx<'_>,
) -> Result<Vec<(IpAddr, Outcome)>> {
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Error::io("start the network runtime", &error))?;
    runtime.block_on(ask(targets, configured, cx))
}

async fn ask(
    targets: &[Target],
    configured: Duration,
    cx: &Cx<'_>,
) -> Result<Vec<(IpAddr, Outcome)>> {
    let deadline = Instant::now() + cx.remaining().saturating_sub(MARGIN);
    let mut sockets = Sockets::default();
    let mut answered = Vec::with_capacity(targets.len());
    let mut report = |target: &Target, outcome: Outcome| {
        let facts = target.machines.iter().map(|&vm| outcome.observation(vm, target.address));
        cx.emit_all(facts.collect())?;
        answered.push((target.address, outcome));
        Ok::<(), Error>(())
    };
    let mut waiting = targets.iter().enumerate();
    let mut asked = JoinSet::new();
    loop {
        while asked.len() < ECHOES
            && let Some((number, target)) = waiting.next()
        {
            let allowed = configured.min(deadline.saturating_duration_since(Instant::now()));
            if allowed.is_zero() {
                report(target, Outcome::Unread(Unread::TimedOut))?;
                continue;
            }
            let (to, socket) = (target.address, sockets.of(target.address, number)?);
            asked.spawn(async move { (number, echo(socket, to, allowed, configured).await) });
        }
        match timeout(CANCEL_CHECK, asked.join_next()).await {
            Ok(Some(Ok((number, outcome)))) => report(&targets[number], outcome)?,
            // An echo that panicked is a fault of this plugin: pass it on.
            Ok(Some(Err(error))) => return Err(Error::new(ErrorCode::Other, error.to_string())),
            Ok(None) => return Ok(answered),
            Err(_) => cx.check()?,
        }
    }
}
