//! An open directory.

use std::{
    ffi::CString,
    fs::{File, Permissions},
    io::{self, Read as _},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::PermissionsExt as _,
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags, mkdirat, open, openat, statat},
    io::Errno,
};
use tempfile::TempDir;

use crate::{
    mounts::{DIRECTORY, UNFOLLOWED, open_unmounted},
    remove::remove_at,
    walk,
};

/// An open directory. Names are paths below it, such as `neigh/ip-neigh.txt`.
#[derive(Clone, Debug)]
pub struct Directory {
    descriptor: Arc<OwnedFd>,
    path: PathBuf,
    /// Removes the directory when it is dropped, if nobody else is to find it.
    temporary: Option<Arc<TempDir>>,
}

impl PartialEq for Directory {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for Directory {}

impl Directory {
    /// Opens the directory at this path. Links in the path are followed: the user has named it.
    ///
    /// # Errors
    /// There is no directory, or it cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = Arc::new(open(path, flags, Mode::empty())?);
        Ok(Self { descriptor, path: path.to_owned(), temporary: None })
    }

    /// Makes a directory that only this user can read, and that is removed with the last value that
    /// refers to it or to one below it. It is shown as `path`.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn temporary(path: &Path) -> io::Result<Self> {
        let private = Permissions::from_mode(0o700);
        let made = tempfile::Builder::new().prefix("vmkit-").permissions(private).tempdir()?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | UNFOLLOWED;
        let descriptor = Arc::new(open(made.path(), flags, Mode::empty())?);
        Ok(Self { descriptor, path: path.to_owned(), temporary: Some(Arc::new(made)) })
    }

    /// Opens the directory at this path for writing, and makes what is missing of it, with mode 0700.
    /// Links in the path are followed only if root or this user made them.
    ///
    /// # Errors
    /// A directory cannot be made or read; a link in the path is another user's.
    pub fn make(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let descriptor = Arc::new(walk::make(&path)?);
        Ok(Self { descriptor, path, temporary: None })
    }

    /// Where it was when it was opened, to be shown.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nothing is in it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn is_empty(&self) -> io::Result<bool> {
        for entry in Dir::read_from(&*self.descriptor)? {
            if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The names in it, sorted, at most this many, and whether there are more. Those that are not UTF-8
    /// are skipped.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn names(&self, most: usize) -> io::Result<(Vec<String>, bool)> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&*self.descriptor)? {
            let entry = entry?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(_) if names.len() == most => return Ok((sorted(names), true)),
                Ok(name) => names.push(name.to_owned()),
            }
        }
        Ok((sorted(names), false))
    }

    /// The directory of this name in it; `None`: there is none.
    ///
    /// # Errors
    /// It is a link or a file, or cannot be read.
    pub fn below(&self, name: &str) -> io::Result<Option<Self>> {
        match self.descend(name, false) {
            Ok(descriptor) => Ok(Some(self.at(name, descriptor))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a directory of this name, or opens the one that is there.
    ///
    /// # Errors
    /// It cannot be made; it is a link or a file.
    pub fn make_below(&self, name: &str) -> io::Result<Self> {
        Ok(self.at(name, self.descend(name, true)?))
    }

    /// Opens a regular file; `None`: there is none.
    ///
    /// # Errors
    /// It is anything but a regular file, or cannot be read.
    pub fn open_file(&self, name: &str) -> io::Result<Option<File>> {
        let opened = || {
            let (folder, name) = self.folder_of(name, false)?;
            // A pipe must not block.
            let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | UNFOLLOWED;
            let file = File::from(openat(&folder, name, flags, Mode::empty()).map_err(explained)?);
            if file.metadata()?.is_file() { Ok(file) } else { Err(irregular()) }
        };
        match opened() {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The size of a regular file in bytes; `None`: there is none.
    ///
    /// # Errors
    /// It is anything but a regular file.
    pub fn size(&self, name: &str) -> io::Result<Option<u64>> {
        let (folder, name) = self.folder_of(name, false)?;
        match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(status) if FileType::from_raw_mode(status.st_mode).is_file() => {
                Ok(Some(u64::try_from(status.st_size).unwrap_or(u64::MAX)))
            }
            Ok(_) => Err(irregular()),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The content of a regular file of at most this many bytes; `None`: there is none.
    ///
    /// # Errors
    /// It is anything but a regular file, is larger, or cannot be read.
    pub fn read(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = self.open_file(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        // One byte more shows that the file is larger.
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(io::Error::other(format!("larger than {}", in_units(most))));
        }
        Ok(Some(bytes))
    }

    /// Creates a file that only this user can read, and the directories above it.
    ///
    /// # Errors
    /// Something of this name is there already; a link is in the way.
    pub fn create(&self, name: &str) -> io::Result<File> {
        let (folder, name) = self.folder_of(name, true)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | UNFOLLOWED;
        Ok(File::from(openat(&folder, name, flags, Mode::RUSR | Mode::WUSR)?))
    }

    /// Removes a file, or the directory of this name with all files and directories in it.
    ///
    /// # Errors
    /// Something cannot be removed.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        let (folder, last) = self.folder_of(name, false)?;
        let last = CString::new(last)?;
        Ok(remove_at(folder.as_fd(), &last)?)
    }

    /// Whether another file system is mounted at a directory in this one.
    ///
    /// # Errors
    /// The directory cannot be opened.
    pub fn is_mount(&self, name: &str) -> io::Result<bool> {
        let (folder, last) = self.folder_of(name, false)?;
        match open_unmounted(folder.as_fd(), &CString::new(last)?, DIRECTORY) {
            Ok(_) => Ok(false),
            Err(Errno::XDEV) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    fn at(&self, name: &str, descriptor: OwnedFd) -> Self {
        let (path, temporary) = (self.path.join(name), self.temporary.clone());
        Self { descriptor: Arc::new(descriptor), path, temporary }
    }

    /// The directory that holds what is named, and its name there.
    fn folder_of<'a>(&self, name: &'a str, may_make: bool) -> io::Result<(OwnedFd, &'a str)> {
        match name.rsplit_once('/') {
            Some((above, last)) => Ok((self.descend(above, may_make)?, plain(last)?)),
            None => Ok((self.descriptor.try_clone()?, plain(name)?)),
        }
    }

    fn descend(&self, path: &str, may_make: bool) -> io::Result<OwnedFd> {
        let mut at = self.descriptor.try_clone()?;
        for name in path.split('/') {
            let name = plain(name)?;
            if may_make {
                match mkdirat(&at, name, Mode::RWXU) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            at = openat(at.as_fd(), name, DIRECTORY, Mode::empty()).map_err(explained)?;
        }
        Ok(at)
    }
}

/// A number of bytes in the largest unit that it fills.
fn in_units(bytes: u64) -> String {
    match bytes {
        0..0x400 => format!("{bytes} bytes"),
        0x400..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

/// Checks that the name stays in its directory.
pub(crate) fn plain(name: &str) -> io::Result<&str> {
    if matches!(name, "" | "." | "..") || name.contains('/') {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} is no name")));
    }
    Ok(name)
}

fn explained(error: Errno) -> io::Error {
    if error == Errno::LOOP { io::Error::other("a symbolic link") } else { error.into() }
}

fn irregular() -> io::Error {
    io::Error::other("not a regular file")
}

#[cfg(test)]
mod tests {
    use std::{
        ffi::OsStr,
        fs,
        io::Write as _,
        os::unix::{
            ffi::OsStrExt as _,
            fs::{lchown, symlink},
        },
    };

    use super::*;

    /// A directory to work in and another one with a file.
    fn places() -> (tempfile::TempDir, tempfile::TempDir) {
        let (own, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("precious"), "kept").unwrap();
        (own, elsewhere)
    }

    #[test]
    fn makes_directories_and_files_for_this_user_only() {
        let (own, _) = places();
        let directory = Directory::make(&own.path().join("a/b/../c")).unwrap();
        assert!(directory.is_empty().unwrap());
        directory.create("neigh/ip-neigh.txt").unwrap().write_all(b"text").unwrap();
        assert!(directory.create("neigh/ip-neigh.txt").is_err(), "nothing is written twice");
        assert_eq!(directory.read("neigh/ip-neigh.txt", 4).unwrap().unwrap(), b"text");
        let larger = directory.read("neigh/ip-neigh.txt", 3).unwrap_err().to_string();
        assert_eq!(larger, "larger than 3 bytes");
        assert_eq!([256 << 10, 128 << 20].map(in_units), ["256 KiB", "128 MiB"]);
        assert_eq!(directory.read("neigh/none", 4).unwrap(), None);
        assert_eq!(directory.names(10).unwrap(), (vec!["neigh".to_owned()], false));
        let mode =
            |path: &str| own.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode("a"), mode("a/c/neigh"), mode("a/c/neigh/ip-neigh.txt")),
            (0o700, 0o700, 0o600)
        );
        fs::write(own.path().join("a/c/neigh").join(OsStr::from_bytes(b"\xff")), "").unwrap();
        directory.remove("neigh").unwrap();
        assert!(directory.is_empty().unwrap());
    }

    #[test]
    fn a_temporary_directory_lives_as_long_as_one_below_it() {
        let directory = Directory::temporary(Path::new("/a/shown.zip")).unwrap();
        let own = directory.temporary.as_ref().unwrap().path().to_owned();
        assert_eq!(own.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        directory.create("host/hosts").unwrap().write_all(b"text").unwrap();
        let inner = directory.below("host").unwrap().unwrap();
        assert_eq!(inner.path(), Path::new("/a/shown.zip/host"));
        drop(directory);
        assert_eq!(inner.read("hosts", 4).unwrap().unwrap(), b"text");
        drop(inner);
        assert!(!own.exists());
    }

    #[test]
    fn follows_no_link_in_a_directory() {
        let (own, elsewhere) = places();
        let directory = Directory::open(own.path()).unwrap();
        symlink(elsewhere.path(), own.path().join("folder")).unwrap();
        symlink(elsewhere.path().join("precious"), own.path().join("file")).unwrap();
        symlink(elsewhere.path().join("new"), own.path().join("dangling")).unwrap();
        for name in ["folder/precious", "file"] {
            assert!(directory.read(name, 10).is_err(), "{name}");
        }
        for name in ["folder/new", "file", "dangling", "../new", "folder/../new", "/tmp/new", ""] {
            assert!(directory.create(name).is_err(), "{name}");
        }
        assert!(directory.below("folder").is_err());
        assert!(directory.make_below("folder").is_err());
        directory.remove("folder").unwrap();
        assert!(!elsewhere.path().join("new").exists());
        assert_eq!(fs::read_to_string(elsewhere.path().join("precious")).unwrap(), "kept");
    }

    #[test]
    fn opens_only_regular_files() {
        let (own, _) = places();
        let directory = Directory::open(own.path()).unwrap();
        fs::create_dir(own.path().join("folder")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(own.path().join("pipe")).status();
        assert!(made.unwrap().success());
        for name in ["folder", "pipe"] {
            assert_eq!(directory.read(name, 10).unwrap_err().to_string(), "not a regular file");
        }
    }

    #[test]
    fn follows_a_link_to_a_directory_only_if_this_user_or_root_made_it() {
        let (own, elsewhere) = places();
        let link = own.path().join("link");
        symlink(elsewhere.path(), &link).unwrap();
        Directory::make(&link.join("mine")).unwrap();
        assert!(elsewhere.path().join("mine").exists());
        // Only root can make a link another user's.
        if !rustix::process::geteuid().is_root() {
            return;
        }
        lchown(&link, Some(12345), Some(12345)).unwrap();
        let error = Directory::make(&link.join("planted")).unwrap_err().to_string();
        assert_eq!(error, "\"link\" is a link of user 12345");
        assert!(!elsewhere.path().join("planted").exists());
        symlink("loop", own.path().join("loop")).unwrap();
        assert!(Directory::make(&own.path().join("loop/x")).is_err());
    }
}
