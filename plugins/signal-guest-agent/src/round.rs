//! The agents of all machines at once.

use std::{
    io,
    os::unix::net::UnixStream,
    time::{Duration, SystemTime},
};

use tokio::time::timeout;
use vmkit_plugin::{Cx, Error, Result, Subject, Unread};
use vmkit_probing::{Limits, ask_all};

use crate::exchange;

/// `timeout` is that of one agent. It answers within some milliseconds, and in a guest under load
/// within tens. A machine whose guest runs no agent costs the whole timeout in every run. `at_once` is
/// a quarter of the descriptors that a worker may have.
const LIMITS: Limits = Limits { at_once: 256, timeout: Duration::from_millis(500) };

/// Asks the agents of the batch's machines, and reports each reply as it comes.
pub(crate) fn run(
    vms: &[Subject],
    cx: &Cx<'_>,
    mut report: impl FnMut(usize, Result<Vec<u8>, Unread>) -> Result<()>,
) -> Result<()> {
    let can_answer = |vm: &Subject| vm.has_guest_agent && !vm.macs.is_empty();
    let machines: Vec<usize> = (0..vms.len()).filter(|&vm| can_answer(&vms[vm])).collect();
    let id = conversation_id(cx);
    ask_all(
        &machines,
        LIMITS,
        cx,
        |&vm, allowed| Ok(reply(cx.open_guest_agent(vm), id, allowed)),
        |&vm, reply| report(vm, reply),
    )
}

async fn reply(stream: Result<UnixStream>, id: u64, allowed: Duration) -> Result<Vec<u8>, Unread> {
    let stream = stream?;
    let reply = timeout(allowed, exchange::ask(stream, id)).await;
    let failed = |error: io::Error| Unread::from(Error::io("talk to the guest agent", &error));
    reply.map_err(|_| Unread::TimedOut)?.map_err(failed)
}

/// A number that no answer to an earlier client has: the time in milliseconds, cut to what every
/// agent's JSON parser accepts as an integer.
fn conversation_id(cx: &Cx<'_>) -> u64 {
    let since_epoch = cx.now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since_epoch.unwrap_or_default().as_millis()).unwrap_or(0) & 0x7fff_ffff
}
