//! The `DevTools` protocol: JSON messages that end with NUL, over two pipes.

use std::{
    io::{self, BufRead as _, BufReader, PipeReader, PipeWriter, Write as _},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

/// How long an answer may take. Starting Chromium on a busy computer takes most of it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A conversation with a browser.
pub(crate) struct DevTools {
    commands: PipeWriter,
    replies: Receiver<io::Result<Value>>,
    next: u64,
    /// Events that have arrived and were not looked at.
    events: Vec<Value>,
}

impl DevTools {
    pub(crate) fn new(commands: PipeWriter, replies: PipeReader) -> Self {
        let (sender, receiver) = channel();
        thread::spawn(move || {
            let mut reader = BufReader::new(replies);
            loop {
                let mut bytes = Vec::new();
                let message = match reader.read_until(0, &mut bytes) {
                    Ok(0) => return,
                    Ok(_) => {
                        let text = bytes.strip_suffix(&[0]).unwrap_or(&bytes);
                        serde_json::from_slice(text).map_err(io::Error::other)
                    }
                    Err(error) => Err(error),
                };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self { commands, replies: receiver, next: 1, events: Vec::new() }
    }

    /// Calls a method and returns its result. `session`: the page it is for.
    ///
    /// # Errors
    /// The browser refuses, does not answer in time, or is gone.
    pub(crate) fn call(
        &mut self,
        session: Option<&str>,
        method: &str,
        parameters: &Value,
    ) -> io::Result<Value> {
        let id = self.next;
        self.next += 1;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.commands.write_all(message.to_string().as_bytes())?;
        self.commands.write_all(&[0])?;
        loop {
            let mut reply = self.receive(method)?;
            if reply["id"] != id {
                self.events.push(reply);
            } else if reply["error"].is_null() {
                return Ok(reply["result"].take());
            } else {
                return Err(io::Error::other(format!("{method}: {}", reply["error"])));
            }
        }
    }

    /// Waits for an event of this name.
    ///
    /// # Errors
    /// None comes in time, or the browser is gone.
    pub(crate) fn wait_for(&mut self, event: &str) -> io::Result<()> {
        while !self.events.iter().any(|each| each["method"] == event) {
            let reply = self.receive(event)?;
            self.events.push(reply);
        }
        Ok(())
    }

    /// The events so far, which are then forgotten.
    pub(crate) fn take_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    fn receive(&self, awaited: &str) -> io::Result<Value> {
        let received = self.replies.recv_timeout(PATIENCE);
        received.map_err(|_| io::Error::other(format!("Chromium did not answer {awaited}")))?
    }
}
