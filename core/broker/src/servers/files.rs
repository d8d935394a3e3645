//! The files that a server's command line and configuration name.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use vmkit_platform::Platform as _;
use vmkit_servers::Files;
use vmkit_types::{Reading, Unread};

use super::{
    genuine::Whose,
    open::{What, names, open},
};

/// Largest file: the leases of a network of 65,000 addresses.
const LARGEST: u64 = 16 << 20;
/// How much of the end of a log is read: some thousand lines.
const LONGEST_END: u64 = 512 << 10;
/// Most names of a directory.
const MOST_NAMES: usize = 1024;

/// The files of one process.
pub(super) struct FilesOf {
    /// Where the process sees the root of all files.
    root: PathBuf,
    /// Its working directory.
    directory: Reading<PathBuf>,
    /// Why its files are not read.
    refused: Option<Unread>,
}

impl FilesOf {
    /// The files of this process. Root does not read what a process of the user's names: the user could have it
    /// name any file.
    pub(super) fn process(pid: u32, whose: Whose) -> Self {
        let by_root = rustix::process::geteuid().is_root();
        let refused = (whose == Whose::User && by_root)
            .then(|| Unread::Denied("files of a server that you run yourself".to_owned()));
        // A server of a snap or in a container has other files at the same paths.
        let own = PathBuf::from(format!("/proc/{pid}/root"));
        let root = if own.read_dir().is_ok() { own } else { PathBuf::from("/") };
        let directory = vmkit_platform::current().working_directory(pid);
        Self { root, directory, refused }
    }

    /// The files of the system.
    pub(super) fn system() -> Self {
        let root = PathBuf::from("/");
        Self { directory: Reading::Known(root.clone()), root, refused: None }
    }

    /// The path below the root of all files.
    fn at(&self, path: &str) -> Reading<PathBuf> {
        if let Some(why) = &self.refused {
            return Reading::Unknown(why.clone());
        }
        let below = |path: &Path| path.strip_prefix("/").unwrap_or(path).to_owned();
        if path.starts_with('/') {
            return Reading::Known(below(Path::new(path)));
        }
        self.directory.as_ref().map(|directory| below(&directory.join(path)))
    }

    fn read<T>(
        &self,
        path: &str,
        what: What,
        how: impl FnOnce(File) -> io::Result<T>,
    ) -> Reading<T> {
        let place = match self.at(path) {
            Reading::Known(place) => place,
            Reading::Absent => return Reading::Absent,
            Reading::Unknown(why) => return Reading::Unknown(why),
        };
        match open(&self.root, &place, what).and_then(|file| file.map(how).transpose()) {
            Ok(Some(found)) => Reading::Known(found),
            Ok(None) => Reading::Absent,
            Err(error) => failed(path, &error),
        }
    }
}

impl Files for FilesOf {
    fn text(&self, path: &str) -> Reading<String> {
        // What dnsmasq is given in place of a file that it would read otherwise.
        if path == "/dev/null" {
            return Reading::Known(String::new());
        }
        self.read(path, What::File, |file| {
            let mut bytes = Vec::new();
            file.take(LARGEST + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > LARGEST {
                return Err(io::Error::other("the file is larger than 16 MiB"));
            }
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    fn end(&self, path: &str) -> Reading<String> {
        self.read(path, What::File, |mut file| {
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LONGEST_END)))?;
            let mut bytes = Vec::new();
            file.take(LONGEST_END).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    fn names(&self, directory: &str) -> Reading<Vec<String>> {
        self.read(directory, What::Directory, |directory| {
            let mut found = names(&directory, MOST_NAMES + 1)?;
            if found.len() > MOST_NAMES {
                let why = format!("the directory has more than {MOST_NAMES} files");
                return Err(io::Error::other(why));
            }
            found.sort();
            Ok(found)
        })
    }
}

fn failed<T>(path: &str, error: &io::Error) -> Reading<T> {
    Reading::Unknown(match error.kind() {
        io::ErrorKind::PermissionDenied => Unread::Denied(format!("read {path}")),
        _ => Unread::Failed(format!("read {path}: {error}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_too_many_files_is_not_half_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = FilesOf::system();
        let names = || files.names(folder.path().to_str().expect("a path"));
        let add =
            |at: usize| std::fs::write(folder.path().join(at.to_string()), "").expect("write");
        (0..MOST_NAMES).for_each(add);
        assert!(matches!(names(), Reading::Known(found) if found.len() == MOST_NAMES));
        add(MOST_NAMES);
        assert!(matches!(names(), Reading::Unknown(Unread::Failed(_))));
    }
}
