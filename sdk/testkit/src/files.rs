//! Files that the fake host lists and makes.

use std::{
    fs::File,
    io::{self, Write as _},
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
};

/// The paths that match a pattern whose last part has a `*`, as a stream of lines.
pub(crate) fn listed(pattern: &str) -> io::Result<OwnedFd> {
    let (before, after) = pattern.split_once('*').unwrap_or((pattern, ""));
    let folder = Path::new(pattern).parent().unwrap_or(Path::new("/"));
    let paths =
        folder.read_dir()?.filter_map(|entry| entry.ok()?.path().to_str().map(str::to_owned));
    let mut paths: Vec<String> =
        paths.filter(|path| path.starts_with(before) && path.ends_with(after)).collect();
    paths.sort();
    let (mut ours, theirs) = UnixStream::pair()?;
    ours.write_all(paths.join("\n").as_bytes())?;
    Ok(theirs.into())
}

/// A new file of the recorded snapshot, in a directory that is made for it.
pub(crate) fn new_file(path: &Path) -> io::Result<File> {
    if let Some(above) = path.parent() {
        std::fs::create_dir_all(above)?;
    }
    File::create_new(path)
}
