//! The agents of all machines at once.

use std::{io, time::Duration};

use tokio::{
    runtime,
    task::JoinSet,
    time::{Instant, timeout},
};
use vmkit_plugin::{Cx, Error, ErrorCode, Result, Subject, Unread};

use crate::{exchange, unread};

/// Longest wait for one agent. It answers within some milliseconds, and a guest under load within
/// tens; a machine whose guest runs no agent costs all of it, in every run.
const PATIENCE: Duration = Duration::from_millis(500);
/// Conversations at one time: a quarter of the descriptors that a worker may have.
const CONVERSATIONS: usize = 256;
/// Time kept back from the host's deadline to report what was found.
const MARGIN: Duration = Duration::from_millis(20);
/// How often a waiting round looks whether the host has cancelled it.
const CANCEL_CHECK: Duration = Duration::from_millis(25);

/// Asks the agents of these machines of the batch, and tells each answer as it comes.
pub(crate) fn run(
    vms: &[Subject],
    cx: &Cx<'_>,
    mut tell: impl FnMut(usize, Result<Vec<u8>, Unread>) -> Result<()>,
) -> Result<()> {
    let asked: Vec<usize> =
        (0..vms.len()).filter(|&vm| vms[vm].has_guest_agent && !vms[vm].macs.is_empty()).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Error::io("start the network runtime", &error))?;
    runtime.block_on(ask(&asked, cx, &mut tell))
}

async fn ask(
    machines: &[usize],
    cx: &Cx<'_>,
    tell: &mut impl FnMut(usize, Result<Vec<u8>, Unread>) -> Result<()>,
) -> Result<()> {
    let deadline = Instant::now() + cx.remaining().saturating_sub(MARGIN);
    let id = conversation_id(cx);
    let mut waiting = machines.iter();
    let mut asked = JoinSet::new();
    loop {
        while asked.len() < CONVERSATIONS
            && let Some(&vm) = waiting.next()
        {
            let allowed = PATIENCE.min(deadline.saturating_duration_since(Instant::now()));
            if allowed.is_zero() {
                tell(vm, Err(Unread::TimedOut))?;
                continue;
            }
            let stream = match cx.open_guest_agent(vm) {
                Ok(stream) => stream,
                Err(error) => {
                    tell(vm, Err(unread(error)))?;
                    continue;
                }
            };
            asked.spawn(async move { (vm, timeout(allowed, exchange::ask(stream, id)).await) });
        }
        match timeout(CANCEL_CHECK, asked.join_next()).await {
            Ok(Some(Ok((vm, answer)))) => tell(vm, outcome(answer.ok()))?,
            // A conversation that panicked is a fault of this plugin: pass it on.
            Ok(Some(Err(error))) => return Err(Error::new(ErrorCode::Other, error.to_string())),
            Ok(None) => return Ok(()),
            Err(_) => cx.check()?,
        }
    }
}

/// The outcome of a conversation; `None`: its time ran out.
fn outcome(answer: Option<io::Result<Vec<u8>>>) -> Result<Vec<u8>, Unread> {
    let answer = answer.ok_or(Unread::TimedOut)?;
    answer.map_err(|error| unread(Error::io("talk to the guest agent", &error)))
}

/// A number that answers to an earlier client do not have: the time in milliseconds, cut to what
/// every agent's JSON parser takes as an integer.
fn conversation_id(cx: &Cx<'_>) -> u64 {
    let since_epoch = cx.now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    u64::try_from(since_epoch.unwrap_or_default().as_millis()).unwrap_or(0) & 0x7fff_ffff
}
