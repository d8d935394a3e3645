//! Has an agent run the script that looks at its guest's network.

use std::{
    io,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use vmkit_types::Unread;

use super::{ask::talk, new_conversation, question::Question};

/// How long the agent may take to start the script. One that runs answers within tens of milliseconds, and
/// in a guest that is busy within some hundreds. None runs in many guests, which must not cost more time
/// than the captures that go on meanwhile.
const START: Duration = Duration::from_secs(3);
/// How often the agent is asked whether the script has ended: it takes half a second in most guests.
const INTERVAL: Duration = Duration::from_millis(250);

/// Has the agent run the script, and waits for its end until the deadline. Returns the agent's last reply,
/// which may say that it runs no commands.
///
/// # Errors
/// It did not answer, or the script did not end.
pub fn look_inside(connection: &UnixStream, deadline: Instant) -> Result<String, Unread> {
    let failed = |error: io::Error| Unread::Failed(format!("talk to the guest agent: {error}"));
    let mut id = new_conversation();
    let mut ask = |question: Question, until: Instant| {
        // No two answers have the same number.
        id = id.wrapping_add(1) & 0x7fff_ffff;
        talk(connection.try_clone().map_err(failed)?, (question, id), until)
    };
    let started = ask(Question::Start, deadline.min(Instant::now() + START));
    let started = started.map_err(|why| match why {
        Unread::TimedOut => {
            let why = "the guest agent does not answer: it does not run in the guest, or another \
                       program talks to it";
            Unread::Failed(why.to_owned())
        }
        why => why,
    })?;
    let Some(process) = vmkit_inside::started(&started) else { return Ok(started) };
    loop {
        let reply = ask(Question::Outcome(process), deadline)?;
        if !vmkit_inside::still_runs(&reply) {
            return Ok(reply);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Unread::TimedOut);
        }
        pause(connection, left.min(INTERVAL));
    }
}

/// Lets this time pass, or less if the agent's side closes the connection, which the next question
/// notices.
fn pause(connection: &UnixStream, time: Duration) {
    if let Ok(time) = Timespec::try_from(time) {
        // An interrupted pause is a shorter one.
        poll(&mut [PollFd::new(connection, PollFlags::empty())], Some(&time)).ok();
    }
}
