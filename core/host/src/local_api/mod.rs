//! Asks services of managers on this computer, with the rights of the user whom plugins run as.

mod http;

use std::{
    fs, io,
    io::Write as _,
    os::{
        fd::OwnedFd,
        unix::{fs::MetadataExt as _, net::UnixStream},
    },
    path::Path,
    time::{Duration, Instant},
};

use vmkit_proxy::agent;
use vmkit_rights::peer;
use vmkit_types::Unread;
use vmkit_wire::{Needs, Refusal};

use crate::files::{Reader, stream};

/// The user whom services of managers run as.
const ROOT: u32 = 0;

/// How long one answer may take. A daemon that asks the agents of a hundred machines takes about a
/// second.
const PATIENCE: Duration = Duration::from_secs(3);

/// A stream of what a service of the manifest answers. `argument`: its socket, a blank and the request.
pub(crate) fn get(argument: &str, needs: &Needs, reader: Reader<'_>) -> Result<OwnedFd, Refusal> {
    let (socket, path) = argument.split_once(' ').unwrap_or((argument, ""));
    if !needs.declares_api(socket, path) {
        return Err(Refusal::denied(format!("the manifest declares no request {argument:?}")));
    }
    let body = reader.with_rights(|| ask(Path::new(socket), path, ROOT, PATIENCE))?;
    stream(body).map_err(|error| Refusal::failed(format!("hand over an answer: {error}")))
}

/// What the service at this socket answers, which is this user's.
fn ask(socket: &Path, path: &str, owner: u32, patience: Duration) -> Result<Vec<u8>, Refusal> {
    let deadline = Instant::now() + patience;
    check_place(socket, owner)?;
    let connection = agent::connect(socket).map_err(|why| Refusal {
        denied: matches!(why, Unread::Denied(_)),
        not_found: false,
        message: why.detail().to_owned(),
    })?;
    let failed =
        |error: io::Error| Refusal::failed(format!("ask {} for {path}: {error}", socket.display()));
    let listener = peer(&connection).map_err(failed)?.uid;
    if listener != owner {
        let message = format!("{}: user {listener} listens there", socket.display());
        return Err(Refusal::denied(message));
    }
    connection.set_nonblocking(false).map_err(failed)?;
    let mut connection = Patient { connection, deadline };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: vmkit\r\nAccept: application/json\r\n\
         Connection: close\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).map_err(failed)?;
    http::body(&mut connection).map_err(failed)
}

/// Checks that the socket is this user's, and lies where its path says.
fn check_place(socket: &Path, owner: u32) -> Result<(), Refusal> {
    let failed = |error: io::Error| Refusal {
        denied: error.kind() == io::ErrorKind::PermissionDenied,
        not_found: error.kind() == io::ErrorKind::NotFound,
        message: format!("look at {}: {error}", socket.display()),
    };
    let user = fs::symlink_metadata(socket).map_err(failed)?.uid();
    if user != owner {
        return Err(Refusal::denied(format!("{} belongs to user {user}", socket.display())));
    }
    let real = socket.canonicalize().map_err(failed)?;
    if real != socket {
        let message = format!("{} leads to {}", socket.display(), real.display());
        return Err(Refusal::denied(message));
    }
    Ok(())
}

/// A connection that waits until a deadline.
struct Patient {
    connection: UnixStream,
    deadline: Instant,
}

impl Patient {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(late()) } else { Ok(Some(left)) }
    }
}

impl io::Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.connection.set_read_timeout(self.left()?)?;
        self.connection.read(buffer).map_err(in_time)
    }
}

impl io::Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.connection.set_write_timeout(self.left()?)?;
        self.connection.write(bytes).map_err(in_time)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.connection.flush()
    }
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer before the deadline")
}

/// The kernel says of a time that is over that something would block.
fn in_time(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { late() } else { error }
}

#[cfg(test)]
mod tests;
