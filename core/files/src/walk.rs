//! Finds a directory from the root, and makes what is missing of its path.

use std::{
    ffi::OsString,
    io,
    os::fd::OwnedFd,
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, Mode, OFlags, Stat, mkdirat, openat, readlinkat, statat},
    io::Errno,
    process::geteuid,
};

/// Most links in a path, as Linux has it.
const MOST_LINKS: u32 = 40;

/// Permission to enter suffices on the way.
#[cfg(target_os = "linux")]
const ENTER: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const ENTER: OFlags = OFlags::RDONLY;

/// One step of the way to a directory.
enum Step {
    Root,
    Up,
    Down(OsString),
}

/// Opens the directory at this absolute path and makes those that are missing, for this user only. A
/// link on the way is followed only if root or this user made it.
pub(crate) fn make(path: &Path) -> io::Result<OwnedFd> {
    // The next step is the last one.
    let mut steps = steps_of(path);
    let mut at = open_directory(CWD, "/")?;
    let mut links = 0;
    while let Some(step) = steps.pop() {
        let name = match step {
            Step::Root => {
                at = open_directory(CWD, "/")?;
                continue;
            }
            Step::Up => {
                at = open_directory(&at, "..")?;
                continue;
            }
            Step::Down(name) => name,
        };
        let opened = match open_directory(&at, &name) {
            Err(Errno::NOENT) => {
                match mkdirat(&at, &name, Mode::RWXU) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
                open_directory(&at, &name)
            }
            opened => opened,
        };
        match opened {
            Ok(directory) => at = directory,
            Err(error @ (Errno::LOOP | Errno::NOTDIR)) => {
                links += 1;
                let target = target(&at, &name, error)?;
                if links > MOST_LINKS {
                    return Err(Errno::LOOP.into());
                }
                steps.extend(steps_of(&target));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(at, ".", flags, Mode::empty())?)
}

fn open_directory(
    at: impl std::os::fd::AsFd,
    name: impl rustix::path::Arg,
) -> Result<OwnedFd, Errno> {
    let flags = ENTER | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(at, name, flags, Mode::empty())
}

/// The steps of a path, the first one last.
fn steps_of(path: &Path) -> Vec<Step> {
    let step = |component: Component<'_>| match component {
        Component::RootDir => Some(Step::Root),
        Component::ParentDir => Some(Step::Up),
        Component::Normal(name) => Some(Step::Down(name.to_owned())),
        Component::CurDir | Component::Prefix(_) => None,
    };
    let mut steps: Vec<Step> = path.components().filter_map(step).collect();
    steps.reverse();
    steps
}

/// Where a link leads. `error`: why it is no directory.
fn target(at: &OwnedFd, name: &OsString, error: Errno) -> io::Result<PathBuf> {
    let status = || statat(at, name, AtFlags::SYMLINK_NOFOLLOW);
    let before = status()?;
    let target = readlinkat(at, name, Vec::new()).map_err(|_| error)?;
    // Another link could have taken its place between the two.
    let unchanged = is_same(&before, &status()?);
    let owner = before.st_uid;
    if !unchanged || (owner != 0 && owner != geteuid().as_raw()) {
        let name = name.to_string_lossy();
        return Err(io::Error::other(format!("{name:?} is a link of user {owner}")));
    }
    let target = target.into_bytes();
    Ok(PathBuf::from(<OsString as std::os::unix::ffi::OsStringExt>::from_vec(target)))
}

fn is_same(one: &Stat, other: &Stat) -> bool {
    let identity = |status: &Stat| {
        (status.st_dev, status.st_ino, status.st_uid, status.st_ctime, status.st_ctime_nsec)
    };
    identity(one) == identity(other)
}
