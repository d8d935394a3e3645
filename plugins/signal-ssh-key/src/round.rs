//! All addresses of a batch at once.

use std::{net::SocketAddr, path::Path, time::Duration};

use tokio::{
    runtime,
    task::JoinSet,
    time::{Instant, timeout},
};
use vmkit_plugin::{Cx, Error, ErrorCode, Observation, Result, Subject, Target, Unread};

use crate::{
    judgement::judge,
    own_keys,
    proof::{Proof, prove},
    snapshot,
};

/// Exchanges at one time. Each takes the guest and, for its half, this computer about a
/// millisecond of work: more at once would only wait for a processor.
const EXCHANGES: usize = 32;
/// Time kept back from the host's deadline to report what was found.
const MARGIN: Duration = Duration::from_millis(20);
/// How often a waiting round looks whether the host has cancelled it.
const CANCEL_CHECK: Duration = Duration::from_millis(25);

/// Asks all of them and reports each answer as it comes.
pub(crate) fn run(vms: &[Subject], port: u16, configured: Duration, cx: &Cx<'_>) -> Result<()> {
    let targets = vmkit_plugin::targets(vms);
    if targets.is_empty() {
        return Ok(());
    }
    let own_keys = own_keys::read(Path::new(own_keys::FOLDER));
    let mut proofs = Vec::new();
    let mut report = |target: &Target, outcome: Result<Proof, Unread>| {
        let fact = |&vm: &usize| match &outcome {
            Ok(proof) => judge(vm, &proof.key, vms, &own_keys),
            Err(why) => Observation::unread(vm, why),
        };
        let facts = target.machines.iter().map(|vm| fact(vm).at(target.address)).collect();
        proofs.extend(outcome.ok().map(|proof| (target.address, proof)));
        cx.emit_all(facts)
    };
    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Error::io("start the network runtime", &error))?;
    let questions: Vec<_> =
        targets.iter().map(|target| (target, algorithms(target, vms))).collect();
    runtime.block_on(ask(&questions, port, configured, cx, &mut report))?;
    snapshot::record(&proofs, port, cx)
}

/// Of which kinds keys are known of the target's machines: others could not be compared.
fn algorithms(target: &Target, vms: &[Subject]) -> Vec<String> {
    let known = target.machines.iter().flat_map(|&vm| &vms[vm].known_host_keys);
    known.map(|known| known.key.algorithm().to_owned()).collect()
}

async fn ask(
    questions: &[(&Target, Vec<String>)],
    port: u16,
    configured: Duration,
    cx: &Cx<'_>,
    report: &mut impl FnMut(&Target, Result<Proof, Unread>) -> Result<()>,
) -> Result<()> {
    let deadline = Instant::now() + cx.remaining().saturating_sub(MARGIN);
    let mut waiting = questions.iter().enumerate();
    let mut asked = JoinSet::new();
    loop {
        while asked.len() < EXCHANGES
            && let Some((number, (target, algorithms))) = waiting.next()
        {
            let allowed = configured.min(deadline.saturating_duration_since(Instant::now()));
            if allowed.is_zero() {
                report(target, Err(Unread::TimedOut))?;
                continue;
            }
            let (to, algorithms) = (SocketAddr::new(target.address, port), algorithms.clone());
            asked.spawn(async move { (number, prove(to, &algorithms, allowed).await) });
        }
        match timeout(CANCEL_CHECK, asked.join_next()).await {
            Ok(Some(Ok((number, outcome)))) => report(questions[number].0, outcome)?,
            // An exchange that panicked is a fault of this plugin: pass it on.
            Ok(Some(Err(error))) => return Err(Error::new(ErrorCode::Other, error.to_string())),
            Ok(None) => return Ok(()),
            Err(_) => cx.check()?,
        }
    }
}
