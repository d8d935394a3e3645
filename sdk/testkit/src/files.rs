//! Files that the fake host lists and makes.

use std::{
    fs::File,
    io::{self, Write as _},
    os::{
        fd::OwnedFd,
        unix::{fs::FileTypeExt as _, net::UnixStream},
    },
    path::{Path, PathBuf},
};

use vmkit_abi::ErrorCode;

/// The home directory on a host whose files are a tree of the test.
pub(crate) const HOME: &str = "/home/ann";

/// Where a path of the plugin's lies: below the tree of the test, if there is one.
pub(crate) fn place(tree: Option<&Path>, path: &str) -> PathBuf {
    let path = path.replacen("{home}", HOME, 1);
    tree.map_or_else(|| PathBuf::from(&path), |tree| tree.join(path.trim_start_matches('/')))
}

/// The paths that match a pattern, as a stream of lines. Each part of it may have a `*`.
pub(crate) fn listed(tree: Option<&Path>, pattern: &str) -> io::Result<OwnedFd> {
    let pattern = pattern.replacen("{home}", HOME, 1);
    let mut paths = vec![String::new()];
    for part in pattern.trim_start_matches('/').split('/') {
        let below = paths.iter().map(|path| entries(tree, path, part));
        paths = below.collect::<io::Result<Vec<_>>>()?.concat();
    }
    // As a real host does, whatever kind of file it is: that shows when it is opened.
    paths.retain(|path| place(tree, path).symlink_metadata().is_ok());
    paths.sort();
    let (mut ours, theirs) = UnixStream::pair()?;
    ours.write_all(paths.join("\n").as_bytes())?;
    Ok(theirs.into())
}

/// The paths below `path` whose last part matches.
fn entries(tree: Option<&Path>, path: &str, part: &str) -> io::Result<Vec<String>> {
    let Some((before, after)) = part.split_once('*') else {
        return Ok(vec![format!("{path}/{part}")]);
    };
    let names = match place(tree, path).read_dir() {
        Ok(entries) => entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let fits = |name: &String| {
        name.len() >= part.len() - 1 && name.starts_with(before) && name.ends_with(after)
    };
    Ok(names.filter(fits).map(|name| format!("{path}/{name}")).collect())
}

/// Opens the file that a plugin names. As on a real host, only regular files are opened, and no link leads
/// out of the home directory.
pub(crate) fn opened(tree: Option<&Path>, named: &str) -> Result<File, (ErrorCode, String)> {
    let path = place(tree, named);
    let failed = |error: io::Error| {
        let code = match error.kind() {
            io::ErrorKind::PermissionDenied => ErrorCode::DENIED,
            io::ErrorKind::NotFound => ErrorCode::NOT_FOUND,
            _ => ErrorCode::IO,
        };
        (code, format!("open {named}: {error}"))
    };
    let real = path.canonicalize().map_err(failed)?;
    let home = place(tree, HOME);
    let is_outside = |home: PathBuf| !real.starts_with(home);
    if path.starts_with(&home) && home.canonicalize().is_ok_and(is_outside) {
        return Err((ErrorCode::DENIED, format!("{named} leads out of the home directory")));
    }
    let kind = real.metadata().map_err(failed)?.file_type();
    if !kind.is_file() {
        let what = match kind {
            kind if kind.is_dir() => "a directory",
            kind if kind.is_fifo() => "a named pipe",
            _ => "a device or socket",
        };
        return Err((ErrorCode::IO, format!("{named} is {what}, not a regular file")));
    }
    File::open(&real).map_err(failed)
}

/// A new file of the recorded snapshot, in a directory that is made for it.
pub(crate) fn new_file(path: &Path) -> io::Result<File> {
    if let Some(above) = path.parent() {
        std::fs::create_dir_all(above)?;
    }
    File::create_new(path)
}
