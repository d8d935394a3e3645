//! The worker's end of the host's socket, shared by the threads that send and the one that receives.

use std::{
    os::{fd::OwnedFd, unix::net::UnixStream},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use vmkit_wire::{Answer, Answered, FromWorker, Opened, Question, Resource, WireError};

/// What the host says to a request to open something.
pub(crate) type Granted = (Opened, Option<OwnedFd>);

/// What the host says to a question.
pub(crate) enum Heard {
    Answer(Answer),
    End(Answered),
}

/// A queue between the receiving thread and those of the plugin.
struct Queue<T>(mpsc::Sender<T>, Mutex<mpsc::Receiver<T>>);

impl<T> Queue<T> {
    fn new() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self(sender, Mutex::new(receiver))
    }

    fn put(&self, item: T) {
        // This cannot fail, because the receiver lives as long as this queue.
        self.0.send(item).ok();
    }

    fn take(&self, patience: Duration) -> Option<T> {
        let receiver = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.recv_timeout(patience).ok()
    }
}

/// Tells the plugin that its call is cancelled.
type Tell = Box<dyn Fn() + Send + Sync>;

/// The host's socket.
pub(crate) struct Channel {
    socket: UnixStream,
    sending: Mutex<()>,
    pub(crate) log_level: u32,
    cancelled: AtomicBool,
    when_cancelled: OnceLock<Tell>,
    opening: Mutex<()>,
    granted: Queue<Granted>,
    question: AtomicU32,
    heard: Queue<Heard>,
}

impl Channel {
    pub(crate) fn new(socket: UnixStream, log_level: u32) -> Self {
        Self {
            socket,
            sending: Mutex::new(()),
            log_level,
            cancelled: AtomicBool::new(false),
            when_cancelled: OnceLock::new(),
            opening: Mutex::new(()),
            granted: Queue::new(),
            question: AtomicU32::new(1),
            heard: Queue::new(),
        }
    }

    pub(crate) fn socket(&self) -> &UnixStream {
        &self.socket
    }

    pub(crate) fn send(&self, message: &FromWorker) -> Result<(), WireError> {
        // A poisoned lock is harmless: the lock guards one `send`, which does not panic.
        let _one_at_a_time = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        vmkit_wire::send(&self.socket, message, &[])
    }

    /// Begins a call.
    pub(crate) fn begin(&self) {
        self.cancelled.store(false, Ordering::Relaxed);
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        if let Some(tell) = self.when_cancelled.get() {
            tell();
        }
    }

    /// Has `tell` called whenever a call is cancelled, for a plugin that cannot ask.
    pub(crate) fn when_cancelled(&self, tell: impl Fn() + Send + Sync + 'static) {
        // It is set once, when the plugin is started.
        self.when_cancelled.set(Box::new(tell)).ok();
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(crate) fn opened(&self, opened: Opened, descriptor: Option<OwnedFd>) {
        self.granted.put((opened, descriptor));
    }

    pub(crate) fn answered(&self, heard: Heard) {
        self.heard.put(heard);
    }

    /// Asks the host to open something; `None`: it did not answer in time.
    pub(crate) fn open(
        &self,
        resource: Resource,
        argument: String,
        patience: Duration,
    ) -> Result<Option<Granted>, WireError> {
        let _one_request = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        self.send(&FromWorker::Open { resource, argument })?;
        Ok(self.granted.take(patience))
    }

    /// Asks the host a question, and returns the number that its answers have, which is not zero.
    pub(crate) fn ask(&self, question: Question, words: Vec<String>) -> Result<u32, WireError> {
        let number = self.question.fetch_add(1, Ordering::Relaxed).max(1);
        self.send(&FromWorker::Ask { question, number, words }).map(|()| number)
    }

    /// What the host says next to the question of this number; `None`: nothing in time. Answers to
    /// other questions are dropped.
    pub(crate) fn heard(&self, question: u32, deadline: Instant) -> Option<Heard> {
        loop {
            let heard = self.heard.take(deadline.saturating_duration_since(Instant::now()))?;
            let (Heard::Answer(Answer { number, .. }) | Heard::End(Answered { number, .. })) =
                &heard;
            if *number == question {
                return Some(heard);
            }
        }
    }
}
