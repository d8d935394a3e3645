//! Waiting within the host's deadline, and what a wait without an answer means.

use std::{future::Future, pin::pin, time::Duration};

use tokio::{runtime, time::timeout};
use vmkit_plugin::{Cx, Error, Result, Unread};

/// Time kept back from the host's deadline to report what was found.
const MARGIN: Duration = Duration::from_millis(20);

/// How often a waiting call checks whether the host has cancelled it.
pub const CANCEL_CHECK: Duration = Duration::from_millis(25);

/// The shortest wait after which silence means something: a round trip over a busy Wi-Fi, ARP
/// included, and the time that a loaded guest takes to answer.
const MEANINGFUL_WAIT: Duration = Duration::from_millis(100);

/// Time for probes in this call; the rest until the host's deadline is for reporting.
pub fn time_left(cx: &Cx<'_>) -> Duration {
    cx.remaining().saturating_sub(MARGIN)
}

/// Runs the future on this thread, with sockets and timers.
///
/// # Errors
/// Those of the future; or the system refuses what the runtime needs.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| Error::io("start the network runtime", &error))?
        .block_on(future)
}

/// Waits for the future as long as the host wants an answer.
///
/// # Errors
/// The host has cancelled the call, or its deadline has passed.
pub async fn unless_cancelled<T>(future: impl Future<Output = T>, cx: &Cx<'_>) -> Result<T> {
    let mut future = pin!(future);
    loop {
        match timeout(CANCEL_CHECK, future.as_mut()).await {
            Ok(value) => return Ok(value),
            Err(_) => cx.check()?,
        }
    }
}

/// The length of a silence that means that nobody answers; `configured` is how long the probe would
/// have waited with enough time.
///
/// # Errors
/// `TimedOut`: it was too short to mean anything.
pub fn meaningful_silence(waited: Duration, configured: Duration) -> Result<Duration, Unread> {
    if waited < configured.min(MEANINGFUL_WAIT) { Err(Unread::TimedOut) } else { Ok(waited) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_only_after_a_meaningful_wait() {
        let milliseconds = Duration::from_millis;
        let rows = [(400, 400, true), (150, 400, true), (99, 400, false), (50, 50, true)];
        for (waited, configured, counts) in rows {
            let silence = meaningful_silence(milliseconds(waited), milliseconds(configured));
            let expected = if counts { Ok(milliseconds(waited)) } else { Err(Unread::TimedOut) };
            assert_eq!(silence, expected, "{waited} of {configured} ms");
        }
    }
}
