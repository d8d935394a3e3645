//! Files that a manifest names: listed and opened one by one, with the rights of the user whom
//! plugins run as.

use std::{
    fs::File,
    io::{self, Write as _},
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    path::Path,
};

use nix::unistd::{Uid, User};
use vmkit_wire::{Account, Needs, Refusal, is_private};

use crate::console::regular_file;

/// Most files of one pattern: one for each network of a host.
const MOST_MATCHES: usize = 64;

/// The open file at a path that the manifest declares.
pub(crate) fn open(
    path: &str,
    needs: &Needs,
    account: Option<Account>,
) -> Result<OwnedFd, Refusal> {
    if !needs.declares_file(path) {
        return Err(Refusal::denied(format!("the manifest declares no file {path:?}")));
    }
    as_worker(account, || open_here(Path::new(path), account)).map(OwnedFd::from)
}

fn open_here(path: &Path, account: Option<Account>) -> Result<File, Refusal> {
    // Files of the system are often links, such as `/etc/resolv.conf`. Where one really lies counts.
    let real = path.canonicalize().map_err(|error| failed("open", path, &error))?;
    let text = real.to_string_lossy();
    if is_private(&text) || home(account).is_some_and(|home| real.starts_with(home)) {
        let message = format!("{} leads to {text}, which no plugin reads", path.display());
        return Err(Refusal::denied(message));
    }
    let (file, _) = regular_file(&real)?;
    if is_at(&file, &real) {
        return Ok(file);
    }
    Err(Refusal::failed(format!("{} changed while it was opened", path.display())))
}

/// Whether the open file lies at this path. Somebody may have put a link in the way meanwhile.
#[cfg(target_os = "linux")]
fn is_at(file: &File, real: &Path) -> bool {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    // Each process has the kernel's tables at a path of its own.
    std::fs::read_link(link).is_ok_and(|place| place == real || real.starts_with("/proc"))
}

/// Whether the open file lies at this path, as far as can be told here: another look at it.
#[cfg(not(target_os = "linux"))]
fn is_at(file: &File, real: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let of = |status: std::fs::Metadata| (status.dev(), status.ino());
    let (open, there) = (file.metadata().map(of), real.symlink_metadata().map(of));
    let _ = file.as_raw_fd();
    matches!((open, there), (Ok(open), Ok(there)) if open == there)
}

/// A stream of the paths that match a pattern of the manifest, each ended by a line break.
pub(crate) fn list(
    pattern: &str,
    needs: &Needs,
    account: Option<Account>,
) -> Result<OwnedFd, Refusal> {
    if !needs.declares_pattern(pattern) {
        return Err(Refusal::denied(format!("the manifest declares no files {pattern:?}")));
    }
    let paths = as_worker(account, || matches(pattern, needs))?;
    let stream = || {
        // The lines fit into its buffer.
        let (mut ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        ours.write_all(paths.join("\n").as_bytes())?;
        Ok(theirs)
    };
    stream().map(OwnedFd::from).map_err(|error: io::Error| Refusal::failed(error.to_string()))
}

fn matches(pattern: &str, needs: &Needs) -> Result<Vec<String>, Refusal> {
    let folder = Path::new(pattern).parent().unwrap_or(Path::new("/"));
    let entries = folder.read_dir().map_err(|error| failed("list", folder, &error))?;
    let paths = entries.filter_map(|entry| entry.ok()?.path().into_os_string().into_string().ok());
    let mut paths: Vec<String> = paths.filter(|path| needs.declares_file(path)).collect();
    let only = |path: &String| vmkit_wire::fits(pattern, path);
    paths.retain(only);
    paths.sort();
    paths.truncate(MOST_MATCHES);
    Ok(paths)
}

/// Does this with the rights of the worker's user, which a process of root's would exceed.
fn as_worker<T: Send>(
    account: Option<Account>,
    work: impl FnOnce() -> Result<T, Refusal> + Send,
) -> Result<T, Refusal> {
    let Some(account) = account else { return work() };
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            become_thread_of(account).map_err(|error| {
                Refusal::denied(format!("cannot look as user {}: {error}", account.uid))
            })?;
            work()
        });
        thread.join().unwrap_or_else(|_| Err(Refusal::not_found("looking for the file failed")))
    })
}

/// Makes this thread, and no other, one of this user. It cannot go back.
#[cfg(target_os = "linux")]
fn become_thread_of(account: Account) -> io::Result<()> {
    use rustix::{
        process::{Gid, Uid},
        thread::{set_thread_gid, set_thread_groups, set_thread_res_uid},
    };

    let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
    set_thread_groups(&[])?;
    set_thread_gid(gid)?;
    Ok(set_thread_res_uid(uid, uid, uid)?)
}

/// No thread has a user of its own here.
#[cfg(not(target_os = "linux"))]
fn become_thread_of(_: Account) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// The home directory of the worker's user.
fn home(account: Option<Account>) -> Option<std::path::PathBuf> {
    let uid = account.map_or_else(Uid::effective, |account| Uid::from_raw(account.uid));
    let home = User::from_uid(uid).ok().flatten()?.dir;
    // Users of services have `/` or a directory of the system.
    (home.components().count() > 2).then_some(home)
}

fn failed(operation: &str, path: &Path, error: &io::Error) -> Refusal {
    Refusal {
        denied: error.kind() == io::ErrorKind::PermissionDenied,
        not_found: error.kind() == io::ErrorKind::NotFound,
        message: format!("{operation} {}: {error}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use vmkit_wire::ReadFile;

    use super::*;

    fn needs(files: &[&str]) -> Needs {
        let read_files = files.iter().map(|path| ReadFile::Path((*path).to_owned())).collect();
        Needs { read_files, ..Needs::default() }
    }

    #[test]
    fn opens_what_is_declared_and_nothing_else() {
        let needs = needs(&["/etc/passwd", "/etc/host*name", "/proc/net/route", "/etc/shadow"]);
        let nobody =
            rustix::process::geteuid().is_root().then_some(Account { uid: 65534, gid: 65534 });
        let rows = [
            ("/etc/passwd", "ok"),
            ("/etc/hostname", "ok"),
            ("/proc/net/route", "ok"),
            ("/etc/hosts", "the manifest declares no file"),
            ("/etc/../etc/passwd", "the manifest declares no file"),
            ("/etc/shadow", "open /etc/shadow: Permission denied"),
        ];
        for (path, expected) in rows {
            let outcome = match open(path, &needs, nobody) {
                Ok(file) => {
                    let mut byte = [0];
                    File::from(file)
                        .read_exact(&mut byte)
                        .map_or("empty".to_owned(), |()| "ok".into())
                }
                Err(refusal) => refusal.message,
            };
            assert!(outcome.starts_with(expected), "{path}: {outcome}");
        }
    }

    #[test]
    fn lists_what_matches_a_declared_pattern() {
        let needs = needs(&["/etc/pass*word", "/etc/p*sswd", "/none/*.leases"]);
        let lines = |pattern: &str| match list(pattern, &needs, None) {
            Ok(stream) => {
                let mut text = String::new();
                File::from(stream).read_to_string(&mut text).unwrap();
                text
            }
            Err(Refusal { not_found: true, .. }) => "not found".to_owned(),
            Err(refusal) => refusal.message,
        };
        assert_eq!(lines("/etc/p*sswd"), "/etc/passwd");
        assert_eq!(lines("/none/*.leases"), "not found");
        assert_eq!(lines("/etc/*.conf"), "the manifest declares no files \"/etc/*.conf\"");
    }
}
