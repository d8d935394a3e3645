//! A disk and the image that it is based on, proven before QEMU opens either.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read as _},
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
};

use rustix::process::geteuid;
use vmkit_files::{Directory, EntryStatus};

use crate::{
    error::MachineError,
    image::Image,
    qcow2::{self, Fault},
    stored::DiskFormat,
};

/// The image that a disk is based on: whole, and based on nothing itself.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    /// The directory that it is in.
    pub(crate) directory: Directory,
    /// Its name there.
    pub(crate) file: String,
    pub(crate) format: DiskFormat,
}

impl Base {
    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join(&self.file)
    }
}

/// The base of a disk in this directory; `None`: it has none.
///
/// # Errors
/// The disk cannot be read, is encrypted or damaged, or would have QEMU open more than one other file, or one
/// that is neither this user's nor root's.
pub(crate) fn base_of(
    directory: &Directory,
    name: &str,
    format: DiskFormat,
) -> Result<Option<Base>, MachineError> {
    if format == DiskFormat::Raw {
        return Ok(None);
    }
    let path = directory.path().join(name);
    let unusable = |why: &str| MachineError::Unusable { path: path.clone(), why: why.to_owned() };
    let mut head = Vec::new();
    let file = open(directory, name)?;
    let read = file.take(qcow2::HEAD as u64).read_to_end(&mut head);
    read.map_err(|error| MachineError::file("read", &path, error))?;
    let header = qcow2::parse(&head).ok_or_else(|| unusable("has no header of qcow2"))?;
    match header.fault {
        Some(Fault::ExternalData) => return Err(unusable("keeps its data in another file")),
        Some(Fault::Encrypted) => return Err(unusable("is encrypted")),
        Some(Fault::Damaged) => return Err(unusable("is damaged, or was not closed")),
        Some(Fault::UnknownFeature) => return Err(unusable("has features that are unknown")),
        None => {}
    }
    let Some((base, recorded)) = header.base else { return Ok(None) };
    let base = PathBuf::from(OsString::from_vec(base));
    let place = place(directory, &base);
    let (above, file) = place.ok_or_else(|| unusable("is based on something that is no file"))?;
    let format = judge(&above, &file)?;
    if recorded.is_some_and(|recorded| recorded != format.code().as_bytes()) {
        return Err(unusable("says of its base that it has another format"));
    }
    Ok(Some(Base { directory: above, file, format }))
}

/// The directory of a base, and its name there. QEMU takes what precedes a `:` for a protocol.
fn place(directory: &Directory, base: &Path) -> Option<(Directory, String)> {
    let first = base.components().next()?.as_os_str().to_str()?;
    if first.contains(':') {
        return None;
    }
    let path = directory.path().join(base);
    let file = path.file_name().and_then(OsStr::to_str)?.to_owned();
    Some((Directory::open(path.parent()?).ok()?, file))
}

/// The format of a base that is whole, and this user's or root's.
fn judge(directory: &Directory, name: &str) -> Result<DiskFormat, MachineError> {
    let path = directory.path().join(name);
    let mut file = open(directory, name)?;
    let status = EntryStatus::of(&file);
    let status = status.map_err(|error| MachineError::file("look at", &path, error))?;
    if ![0, geteuid().as_raw()].contains(&status.owner) {
        let why = format!("belongs to user {}", status.owner);
        return Err(MachineError::Unusable { path, why });
    }
    Ok(Image::of(&mut file, &path, "")?.format)
}

fn open(directory: &Directory, name: &str) -> Result<File, MachineError> {
    let failed = |error| MachineError::file("open", directory.path().join(name), error);
    let file = directory.open_file(name).map_err(failed)?;
    file.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        qcow2::tests::{head, with_base},
        trial,
    };

    /// The extension that names the format of a base.
    const FORMAT: u32 = 0xe279_2aca;

    /// The head of a disk, and the name of its base, or why it must not be opened.
    type Row<'a> = (Vec<u8>, Result<Option<&'a str>, &'a str>);

    #[test]
    fn opens_one_whole_base_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        trial::image(folder.path(), "base.img");
        fs::write(path("shadow"), "root:$6$…").unwrap();
        fs::write(path("chained"), with_base(head(0, &[]), b"base.img")).unwrap();
        std::os::unix::fs::symlink(path("base.img"), path("link")).unwrap();
        let absolute = path("base.img").to_str().unwrap().as_bytes().to_vec();
        let based = |name: &[u8]| with_base(head(0, &[(FORMAT, b"raw")]), name);
        let table: Vec<Row<'_>> = vec![
            (head(0, &[]), Ok(None)),
            (based(b"base.img"), Ok(Some("base.img"))),
            (based(&absolute), Ok(Some("base.img"))),
            (with_base(head(0, &[]), b"base.img"), Ok(Some("base.img"))),
            (with_base(head(0, &[(FORMAT, b"qcow2")]), b"base.img"), Err("another format")),
            (based(b"shadow"), Err("neither qcow2 nor a raw disk")),
            (based(b"chained"), Err("based on another file")),
            (based(b"none"), Err("cannot open")),
            (based(b"link"), Err("cannot open")),
            (based(b"json:{\"driver\":\"file\"}"), Err("no file")),
            (based(b"nbd:localhost:10809"), Err("no file")),
            (head(4, &[]), Err("in another file")),
            (head(2, &[]), Err("damaged")),
            (b"QFI\xfb".to_vec(), Err("no header")),
        ];
        let directory = Directory::open(folder.path()).unwrap();
        for (disk, expected) in table {
            fs::write(path("disk"), &disk).unwrap();
            let found = base_of(&directory, "disk", DiskFormat::Qcow2);
            match (found, expected) {
                (Ok(base), Ok(name)) => assert_eq!(base.map(|base| base.file).as_deref(), name),
                (Err(error), Err(why)) => assert!(error.to_string().contains(why), "{error}"),
                (found, expected) => panic!("{found:?} is not {expected:?}"),
            }
        }
        assert!(base_of(&directory, "shadow", DiskFormat::Raw).unwrap().is_none());
    }
}
