//! The context of one call.

use std::{
    fs::File,
    io::Read as _,
    os::fd::{FromRawFd, OwnedFd},
    time::{Duration, SystemTime},
};

use vmkit_abi::{HostRef, Resource};
use vmkit_types::{Observation, Source, Stage};

use crate::{Error, ErrorCode, Result, convert};

/// What a plugin can use during one call: where to report, the time that is left, and what the host
/// opens and asks for it.
///
/// ```
/// use vmkit_plugin::{Cx, Observation, Result};
///
/// fn look(cx: &Cx<'_>) -> Result<()> {
///     cx.check()?; // an error once the call is cancelled or its time is over
///     match cx.open_file("/var/lib/misc/lucky.leases")? {
///         Some(_file) => Ok(()),
///         None => cx.emit(Observation::nothing_to_look_at(0, "there are no leases")),
///     }
/// }
/// ```
pub struct Cx<'a> {
    host: HostRef<'a>,
}

impl<'a> Cx<'a> {
    /// The context over this host.
    #[doc(hidden)]
    pub fn new(host: HostRef<'a>) -> Self {
        Self { host }
    }

    /// The foreign interface itself, for the tests of hosts.
    #[doc(hidden)]
    pub fn host(&self) -> &HostRef<'a> {
        &self.host
    }

    /// Reports one observation.
    ///
    /// # Errors
    /// The host no longer listens: return the error.
    pub fn emit(&self, observation: Observation) -> Result<()> {
        self.emit_all(vec![observation])
    }

    /// Reports many observations at once, which costs less than one by one.
    ///
    /// # Errors
    /// The host no longer listens: return the error.
    pub fn emit_all(&self, observations: Vec<Observation>) -> Result<()> {
        let listening =
            self.host.emit(observations.into_iter().map(convert::observation_out).collect());
        if listening { Ok(()) } else { Err(Error::new(ErrorCode::Cancelled, "the host has left")) }
    }

    /// Fails once the host has cancelled the call or the deadline has passed. Call it in every loop.
    ///
    /// # Errors
    /// `Cancelled` or `TimedOut`: return it.
    pub fn check(&self) -> Result<()> {
        if self.host.cancelled() {
            return Err(Error::new(ErrorCode::Cancelled, "cancelled by the host"));
        }
        if self.remaining().is_zero() {
            return Err(Error::new(ErrorCode::TimedOut, "the deadline has passed"));
        }
        Ok(())
    }

    /// Time until the host stops waiting.
    pub fn remaining(&self) -> Duration {
        Duration::from_millis(self.host.remaining_ms())
    }

    /// What the call asks for.
    pub fn stage(&self) -> Stage {
        if self.host.stage() == vmkit_abi::Stage::CONFIRM {
            Stage::Confirm
        } else {
            Stage::Discover
        }
    }

    /// Where to look: at the computer, or at a snapshot only.
    pub fn source(&self) -> Source {
        match self.host.source() {
            vmkit_abi::Source::SNAPSHOT => Source::Snapshot,
            vmkit_abi::Source::RECORDING => Source::Recording,
            _ => Source::Live,
        }
    }

    /// The present; in a snapshot, the time of its capture.
    pub fn now(&self) -> SystemTime {
        let since_epoch = u64::try_from(self.host.now_ms()).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_millis(since_epoch)
    }

    /// The artefacts of the snapshot that the manifest declares and that are there, by path.
    pub fn artefacts(&self) -> Vec<String> {
        self.host.artefacts().into_iter().map(Into::into).collect()
    }

    /// A raw artefact of the snapshot, such as `neigh/arp-an.txt`; `None` where the snapshot does not
    /// have it. The manifest must declare it in `artefacts`.
    ///
    /// # Errors
    /// The artefact is there and cannot be opened.
    pub fn artefact(&self, name: &str) -> Result<Option<File>> {
        self.open_if_there(Resource::ARTEFACT, name)
    }

    /// A new file for this raw artefact in the snapshot that is being recorded; `None` in other
    /// runs. The manifest must declare it in `artefacts`.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn recording(&self, name: &str) -> Result<Option<File>> {
        if self.source() != Source::Recording {
            return Ok(None);
        }
        self.open_if_there(Resource::RECORDING, name)
    }

    fn open_if_there(&self, resource: Resource, argument: &str) -> Result<Option<File>> {
        match self.open(resource, argument) {
            Ok(descriptor) => Ok(Some(File::from(descriptor))),
            Err(error) if error.code == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The console log of machine `vm` of the batch, open for reading: a regular file of any size.
    /// The manifest must declare `read_files` with `{console}`.
    ///
    /// # Errors
    /// The host cannot open it, or it is not a regular file; the message names the path.
    pub fn open_console(&self, vm: usize) -> Result<File> {
        self.open(Resource::CONSOLE, &vm.to_string()).map(File::from)
    }

    /// The file at this path, open for reading; `None` where there is none. The manifest must declare it
    /// in `read_files`, alone or by a pattern. `{home}/` at its beginning stands for the user's home
    /// directory, as in the manifest.
    ///
    /// # Errors
    /// The host cannot open it, or it is not a regular file; the message names the path.
    pub fn open_file(&self, path: &str) -> Result<Option<File>> {
        self.open_if_there(Resource::FILE, path)
    }

    /// The absolute paths of the files that match this pattern of the manifest's `read_files`, sorted, at
    /// most 1024.
    ///
    /// # Errors
    /// The host cannot list them; the message names the directory.
    pub fn files(&self, pattern: &str) -> Result<Vec<String>> {
        let Some(mut lines) = self.open_if_there(Resource::FILES, pattern)? else {
            return Ok(Vec::new());
        };
        let mut text = String::new();
        lines
            .read_to_string(&mut text)
            .map_err(|error| Error::io(&format!("list {pattern}"), &error))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// What the service at this socket answers to a request by GET, which the host makes with the rights
    /// of the user: the body, of at most 8 MiB; `None` where there is no such socket. The manifest must
    /// declare both in `local_api`.
    ///
    /// # Errors
    /// The host cannot ask, or the service answers with an error; the message names the socket.
    pub fn local_api(&self, socket: &str, path: &str) -> Result<Option<File>> {
        self.open_if_there(Resource::LOCAL_API, &format!("{socket} {path}"))
    }

    /// What a tool of the system prints that only reads, such as `/sbin/ifconfig -a -v -v` on macOS: its
    /// first `limit` bytes. The host runs it, once for all who ask at the same time. The manifest must
    /// declare the program in `exec`.
    ///
    /// # Errors
    /// `NotFound`: the host does not know the tool, as on Linux; it fails.
    pub fn tool(&self, line: &str, limit: u64) -> Result<Vec<u8>> {
        let stream = self.open(Resource::TOOL, line).map(File::from)?;
        let mut text = Vec::new();
        let read = stream.take(limit).read_to_end(&mut text);
        read.map(|_| text).map_err(|error| Error::io(&format!("read what {line} prints"), &error))
    }

    fn open(&self, resource: Resource, argument: &str) -> Result<OwnedFd> {
        let descriptor = self.host.open(resource, argument.into()).into_result()?;
        // SAFETY: the interface says that a descriptor returned by `open` belongs to the plugin;
        // the host duplicates or receives it for this call alone.
        Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
    }
}
