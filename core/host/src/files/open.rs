//! Opens one file that a manifest declares.

use std::{
    fs::File,
    io,
    os::fd::{AsRawFd as _, OwnedFd},
    path::{Path, PathBuf},
};

use nix::unistd::{Uid, User};
use vmkit_wire::{HOME, Needs, Refusal, is_manager_file, is_private, may_be_secret};

use super::reader::Reader;
use crate::console::regular_file;

/// The open file at a path that the manifest declares, absolute or below `{home}/`.
pub(crate) fn open(path: &str, needs: &Needs, reader: Reader<'_>) -> Result<OwnedFd, Refusal> {
    let declared = reader.declared(path);
    if !needs.declares_file(&declared) {
        return Err(Refusal::denied(format!("the manifest declares no file {path:?}")));
    }
    let absolute = PathBuf::from(reader.absolute(&declared)?);
    let home = reader.home.filter(|_| declared.starts_with(HOME));
    let opened = reader.with_rights(|| match home {
        Some(home) => open_in_home(&absolute, home),
        None => open_of_system(&absolute, reader),
    });
    match (opened, reader.broker) {
        (Err(refusal), Some(broker)) if refusal.denied && is_manager_file(&declared) => {
            broker.manager_file(&absolute).map_err(|_| refusal)
        }
        (opened, _) => opened.map(OwnedFd::from),
    }
}

/// Files of the system are often links, such as `/etc/resolv.conf`. Where one really lies counts.
fn open_of_system(path: &Path, reader: Reader<'_>) -> Result<File, Refusal> {
    let real = real_place(path)?;
    let text = real.to_string_lossy();
    let is_of_home = |home: &Path| real.starts_with(home);
    let in_home = reader.home.is_some_and(is_of_home)
        || home_in_database(reader).is_some_and(|it| is_of_home(&it));
    if in_home || (is_private(&text) && !is_manager_file(&text)) {
        return Err(refused(path, &text));
    }
    open_at(path, &real)
}

/// A link in a home directory may lead to another file there, and neither outside nor to a secret.
fn open_in_home(path: &Path, home: &Path) -> Result<File, Refusal> {
    let real = real_place(path)?;
    let below =
        home.canonicalize().ok().and_then(|home| real.strip_prefix(home).ok().map(Path::to_owned));
    let below = below.as_deref().and_then(Path::to_str);
    if below.is_none_or(may_be_secret) {
        return Err(refused(path, &real.to_string_lossy()));
    }
    open_at(path, &real)
}

fn real_place(path: &Path) -> Result<PathBuf, Refusal> {
    path.canonicalize().map_err(|error| failed("open", path, &error))
}

fn refused(path: &Path, real: &str) -> Refusal {
    Refusal::denied(format!("{} leads to {real}, which no plugin reads", path.display()))
}

fn open_at(path: &Path, real: &Path) -> Result<File, Refusal> {
    let (file, _) = regular_file(real)?;
    if is_at(&file, real) {
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

/// The home directory of the user in the system's database, which may be another one than in the
/// environment.
fn home_in_database(reader: Reader<'_>) -> Option<PathBuf> {
    let uid = reader.account.map_or_else(Uid::effective, |account| Uid::from_raw(account.uid));
    let home = User::from_uid(uid).ok().flatten()?.dir;
    // Users of services have `/` or a directory of the system.
    (home.components().count() > 2).then_some(home)
}

pub(super) fn failed(operation: &str, path: &Path, error: &io::Error) -> Refusal {
    Refusal {
        denied: error.kind() == io::ErrorKind::PermissionDenied,
        not_found: matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
        message: format!("{operation} {}: {error}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Read as _, os::unix::fs::symlink};

    use vmkit_wire::{Account, ReadFile};

    use super::*;

    fn needs(files: &[&str]) -> Needs {
        let read_files = files.iter().map(|path| ReadFile::Path((*path).to_owned())).collect();
        Needs { read_files, ..Needs::default() }
    }

    fn outcome(opened: Result<OwnedFd, Refusal>) -> String {
        match opened {
            Ok(file) => {
                let mut byte = [0];
                let read = File::from(file).read_exact(&mut byte);
                read.map_or("empty".to_owned(), |()| "ok".into())
            }
            Err(refusal) => refusal.message,
        }
    }

    #[test]
    fn opens_what_is_declared_and_nothing_else() {
        let needs = needs(&["/etc/passwd", "/etc/host*name", "/proc/net/route", "/etc/shadow"]);
        let nobody =
            rustix::process::geteuid().is_root().then_some(Account { uid: 65534, gid: 65534 });
        let reader = Reader { account: nobody, home: None, broker: None };
        let rows = [
            ("/etc/passwd", "ok"),
            ("/etc/hostname", "ok"),
            ("/proc/net/route", "ok"),
            ("/etc/hosts", "the manifest declares no file"),
            ("/etc/../etc/passwd", "the manifest declares no file"),
            ("/etc/shadow", "open /etc/shadow: Permission denied"),
        ];
        for (path, expected) in rows {
            let outcome = outcome(open(path, &needs, reader));
            assert!(outcome.starts_with(expected), "{path}: {outcome}");
        }
    }

    #[test]
    fn files_of_home_stay_there_and_off_secrets() {
        let place = tempfile::tempdir().unwrap();
        let home = place.path().join("ann");
        let elsewhere = place.path().join("elsewhere");
        for directory in ["vms/web", "vms/db", "vms/out", "vms/key", "vms/own", ".ssh", "other"] {
            fs::create_dir_all(home.join(directory)).unwrap();
        }
        fs::write(&elsewhere, "x").unwrap();
        for file in ["vms/web/vm.conf", ".ssh/config", "other/vm.conf"] {
            fs::write(home.join(file), "x").unwrap();
        }
        symlink(&elsewhere, home.join("vms/out/vm.conf")).unwrap();
        symlink(home.join(".ssh/config"), home.join("vms/key/vm.conf")).unwrap();
        symlink(home.join("other/vm.conf"), home.join("vms/own/vm.conf")).unwrap();
        let reader = Reader { account: None, home: Some(&home), broker: None };
        let needs = needs(&["{home}/vms/*/vm.conf"]);
        let rows = [
            ("{home}/vms/web/vm.conf", "ok"),
            ("{home}/vms/own/vm.conf", "ok"),
            ("{home}/vms/db/vm.conf", "No such file"),
            ("{home}/vms/out/vm.conf", "which no plugin reads"),
            ("{home}/vms/key/vm.conf", "which no plugin reads"),
            ("{home}/vms/../vms/vm.conf", "declares no file"),
            ("{home}/other/vm.conf", "declares no file"),
            ("{home}/.ssh/config", "declares no file"),
        ];
        for (path, expected) in rows {
            let absolute = path.replace("{home}", home.to_str().unwrap());
            for path in [path, &absolute] {
                let outcome = outcome(open(path, &needs, reader));
                assert!(outcome.contains(expected), "{path}: {outcome}");
            }
        }
        let homeless = Reader { home: None, ..reader };
        assert!(open("{home}/vms/web/vm.conf", &needs, homeless).unwrap_err().not_found);
    }
}
