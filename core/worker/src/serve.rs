//! The life of the worker: it loads, then serves one call after another until the host leaves.

use std::{
    os::unix::net::UnixStream,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use rustix::fs::{Mode, OFlags};
use vmkit_wire::{FromWorker, Load, Receiver, ToWorker, WireError};

use crate::{
    channel::{Channel, Heard},
    confine::Confinement,
    loaded::{Loaded, Task},
};

/// How long the first frame may take. The host sends it at once, so this ends only a worker that was
/// started by hand.
const FIRST_FRAME: Duration = Duration::from_secs(5);

/// Serves one host from start to end.
pub(crate) fn run() -> Result<(), WireError> {
    let socket = take_standard_input().map_err(WireError::Socket)?;
    let mut receiver = Receiver::with_descriptors();
    let ToWorker::Load(load) = receiver.receive(&socket, Some(Instant::now() + FIRST_FRAME))?
    else {
        return Err(WireError::Closed);
    };
    socket.set_read_timeout(None).map_err(WireError::Socket)?;
    let files = std::iter::repeat_with(|| receiver.descriptor()).take(descriptors(&load));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let channel = Arc::new(Channel::new(socket, load.log_level));

    let mut plugin = match Loaded::load(&load, &files, &channel) {
        Ok((plugin, Confinement { words: confinement, unconfined })) => {
            let (older_than_host, offers) = (plugin.is_older_than_host(), plugin.offers());
            channel.send(&FromWorker::Ready {
                older_than_host,
                confinement,
                unconfined,
                offers,
            })?;
            plugin
        }
        Err((code, message)) => return channel.send(&FromWorker::Failed { code, message }),
    };

    let calls = listen(receiver, Arc::clone(&channel))?;
    for task in calls {
        channel.send(&match plugin.perform(task, &channel) {
            Ok(()) => FromWorker::Done,
            Err((code, message)) => FromWorker::Failed { code, message },
        })?;
    }
    Ok(())
}

/// How many descriptors come beside the first message.
fn descriptors(load: &Load) -> usize {
    let has_interpreter = load.program.as_ref().is_some_and(|it| it.interpreter.is_some());
    if load.path.is_some() { 0 } else { 1 + usize::from(has_interpreter) }
}

/// Moves the host's socket away from standard input, which a plugin might read, and replaces it there by
/// `/dev/null`.
fn take_standard_input() -> std::io::Result<UnixStream> {
    let socket = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let null = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::stdio::dup2_stdin(null)?;
    Ok(UnixStream::from(socket))
}

/// Starts the thread that receives the host's frames. It queues calls and handles all other frames.
fn listen(
    mut receiver: Receiver,
    channel: Arc<Channel>,
) -> Result<mpsc::Receiver<Task>, WireError> {
    let (calls, tasks) = mpsc::channel();
    let reader = move || {
        let queue = |task| {
            if calls.send(task).is_err() {
                leave();
            }
        };
        loop {
            match receiver.receive(channel.socket(), None) {
                Ok(ToWorker::Observe(observe)) => queue(Task::Observe(observe)),
                Ok(ToWorker::Advise(advise)) => queue(Task::Advise(advise)),
                Ok(ToWorker::List(list)) => queue(Task::List(list)),
                Ok(ToWorker::Cancel) => channel.cancel(),
                Ok(ToWorker::Opened(opened)) => {
                    let descriptor =
                        if opened.refusal.is_none() { receiver.descriptor().ok() } else { None };
                    channel.opened(opened, descriptor);
                }
                Ok(ToWorker::Answer(answer)) => channel.answered(Heard::Answer(answer)),
                Ok(ToWorker::Answered(end)) => channel.answered(Heard::End(end)),
                Ok(ToWorker::Load(_)) => {}
                // The host has left, so nobody waits for the plugin.
                Err(_) => leave(),
            }
        }
    };
    std::thread::Builder::new()
        .name("frames".to_owned())
        .spawn(reader)
        .map_err(WireError::Socket)?;
    Ok(tasks)
}

/// Ends the process at once, skipping exit handlers that a plugin may have registered.
fn leave() -> ! {
    // Where no program ends with its parent, it ends with the group that this process leads.
    #[cfg(not(target_os = "linux"))]
    // SAFETY: a plain call.
    unsafe {
        libc::kill(0, libc::SIGKILL)
    };
    // SAFETY: `_exit` only ends the process.
    unsafe { libc::_exit(0) }
}
