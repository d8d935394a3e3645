//! The life of the worker: it loads, then serves one call after another until the host leaves.

use std::{
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::PathBuf,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use rustix::fs::{Mode, OFlags};
use vmkit_wire::{
    Advise, FailureCode, FromWorker, Load, Observe, Receiver, ToWorker, WIRE_VERSION, WireError,
};

use crate::{
    call::Call,
    channel::{Channel, Heard},
    confine::{self, Confinement},
    plugin::Plugin,
};

/// How long the first frame may take. The host sends it at once, so this ends only a worker that was
/// started by hand.
const FIRST_FRAME: Duration = Duration::from_secs(5);

/// A call that the host makes.
enum Task {
    Observe(Observe),
    Advise(Advise),
}

/// Serves one host from start to end.
pub(crate) fn run() -> Result<(), WireError> {
    let socket = take_standard_input().map_err(WireError::Socket)?;
    let mut receiver = Receiver::with_descriptors();
    let ToWorker::Load(load) = receiver.receive(&socket, Some(Instant::now() + FIRST_FRAME))?
    else {
        return Err(WireError::Closed);
    };
    socket.set_read_timeout(None).map_err(WireError::Socket)?;
    let library = if load.path.is_none() { Some(receiver.descriptor()?) } else { None };
    let channel = Arc::new(Channel::new(socket, load.log_level));

    let plugin = match prepare(&load, library.as_ref()) {
        Ok((plugin, Confinement { words: confinement, unconfined })) => {
            let older_than_host = plugin.older_than_host;
            channel.send(&FromWorker::Ready { older_than_host, confinement, unconfined })?;
            plugin
        }
        Err((code, message)) => return channel.send(&FromWorker::Failed { code, message }),
    };

    let calls = listen(receiver, Arc::clone(&channel))?;
    for task in calls {
        let outcome = match task {
            Task::Observe(observe) => {
                let call = Call::new(Arc::clone(&channel), &observe);
                plugin.observe(&observe.vms, &call)
            }
            Task::Advise(question) => {
                let call = Call::of_advice(Arc::clone(&channel), &question);
                let advice = plugin.advise(&question.facts, &call);
                advice.and_then(|items| {
                    let sent = channel.send(&FromWorker::Advice { items });
                    sent.map_err(|error| (FailureCode::Other, error.to_string()))
                })
            }
        };
        channel.send(&match outcome {
            Ok(()) => FromWorker::Done,
            Err((code, message)) => FromWorker::Failed { code, message },
        })?;
    }
    Ok(())
}

fn prepare(
    load: &Load,
    library: Option<&OwnedFd>,
) -> Result<(Plugin, Confinement), (FailureCode, String)> {
    if load.wire != WIRE_VERSION {
        let message = format!("this vm speaks protocol {}, vm-worker {WIRE_VERSION}", load.wire);
        return Err((FailureCode::Incompatible, message));
    }
    let confinement =
        confine::enter(load, library).map_err(|error| (FailureCode::Confinement, error))?;
    if let Some(what) = confinement.unconfined.as_ref().filter(|_| !load.may_run_unconfined) {
        return Err((FailureCode::NotConfined, what.clone()));
    }
    let path = match (library, &load.path) {
        (Some(library), _) => {
            use std::os::fd::AsRawFd as _;
            PathBuf::from(format!("/proc/self/fd/{}", library.as_raw_fd()))
        }
        (None, Some(path)) => PathBuf::from(path),
        (None, None) => return Err((FailureCode::Other, "the host named no library".to_owned())),
    };
    Ok((Plugin::load(&path, &load.configuration)?, confinement))
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
    let (calls, queue) = mpsc::channel();
    let reader = move || {
        loop {
            match receiver.receive(channel.socket(), None) {
                Ok(ToWorker::Observe(observe)) => {
                    if calls.send(Task::Observe(observe)).is_err() {
                        leave();
                    }
                }
                Ok(ToWorker::Advise(advise)) => {
                    if calls.send(Task::Advise(advise)).is_err() {
                        leave();
                    }
                }
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
    Ok(queue)
}

/// Ends the process at once, skipping exit handlers that a plugin may have registered.
fn leave() -> ! {
    // SAFETY: `_exit` only ends the process.
    unsafe { libc::_exit(0) }
}
