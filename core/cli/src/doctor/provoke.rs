//! Pulling a machine's cable out for a moment, so that its guest asks for an address at once.

use std::time::{Duration, Instant};

use vmkit_diagnose::Omission;
use vmkit_inventory::{Link, LinkError};
use vmkit_types::escaped;

use super::{attention::Held, progress::Progress};
use crate::output;

/// How long the cable is out: `NetworkManager` takes a link for lost after six seconds, others at
/// once.
const UNPLUGGED: Duration = Duration::from_secs(7);
/// How often the progress is told.
const TICK: Duration = Duration::from_secs(1);
/// How often plugging in is tried before it is given up: a monitor that is busy with another client
/// is free a moment later.
const TRIES: usize = 3;

/// Pulls the cables of these machines out and plugs them in again, however this ends. The person
/// may shorten it. Tells what was left out.
pub(crate) fn provoke(
    machines: &[(&str, Option<Link>)],
    held: &Held<'_>,
    quiet: bool,
) -> Vec<Omission> {
    let mut omissions = Vec::new();
    let mut unplugged = Vec::new();
    for (name, link) in machines {
        let pulled = match link {
            Some(link) => Unplugged::pull(name, link).map_err(|error| in_full(&error)),
            None => Err("its QEMU was told no name for its network card's cable".to_owned()),
        };
        match pulled {
            Ok(pulled) => unplugged.push(pulled),
            Err(why) => omissions.push(Omission {
                what: format!("unplugging the virtual link of {name}"),
                why,
                command: None,
            }),
        }
    }
    if unplugged.is_empty() {
        return omissions;
    }
    let mut progress = Progress::on_stderr(quiet);
    let began = Instant::now();
    loop {
        let passed = began.elapsed();
        let left = UNPLUGGED.saturating_sub(passed);
        let text = format!("unplugged: {} s of {}", passed.as_secs(), UNPLUGGED.as_secs());
        progress.tell(Instant::now(), &text);
        if left.is_zero() || !held.pause(TICK.min(left)) {
            return omissions;
        }
    }
}

/// A cable that is out. It is plugged in when this is dropped.
struct Unplugged<'a> {
    name: &'a str,
    link: &'a Link,
}

impl<'a> Unplugged<'a> {
    fn pull(name: &'a str, link: &'a Link) -> Result<Self, LinkError> {
        let unplugged = Self { name, link };
        match link.set(false) {
            Ok(()) => Ok(unplugged),
            // Perhaps it is out all the same: dropping it plugs it in.
            Err(error @ LinkError::NoAnswer { .. }) => Err(error),
            Err(error) => {
                std::mem::forget(unplugged);
                Err(error)
            }
        }
    }
}

impl Drop for Unplugged<'_> {
    fn drop(&mut self) {
        let mut outcome = Ok(());
        for _ in 0..TRIES {
            outcome = self.link.set(true);
            if outcome.is_ok() {
                return;
            }
        }
        if let Err(error) = outcome {
            output::note(&format!(
                "error: the virtual link of {} could not be plugged in again: {}\n  in QEMU's \
                 monitor enter: set_link {} on\n",
                escaped(self.name),
                escaped(&in_full(&error)),
                escaped(self.link.netdev()),
            ));
        }
    }
}

fn in_full(error: &LinkError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
