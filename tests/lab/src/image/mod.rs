//! Disk images that guests boot from, as those of clouds: each takes its name, its user and keys from a
//! `NoCloud` seed. They are made once and kept in the build directory.

mod debian;
mod disk;
mod small;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use rustix::fs::FlockOperation;
use sha2::{Digest, Sha256};

use crate::{
    LabError, command::run, error::file_error, names::lock_file, stage::target, wait_until,
};

/// Another process may be making the same image: a Debian takes minutes on a busy computer.
const DEADLINE: Duration = Duration::from_mins(15);

/// Each lab has a copy of an image, which may be in memory.
const COMPRESSION: &str = "compression_type=zstd";

/// A disk image that boots by BIOS and has an SSH server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// The kernel and busybox: boots in seconds under emulation.
    Small,
    /// A real Debian with systemd and cloud-init: boots in a minute or two under emulation.
    Debian,
}

impl Image {
    /// Its file, in the format qcow2, which is made if it is missing.
    ///
    /// # Errors
    /// [`LabError::Missing`] without the programs to make it, another when making it fails.
    pub fn path(self) -> Result<PathBuf, LabError> {
        let folder = target().join("lab-images");
        match self {
            Self::Small => keep(&folder, "small", &small::inputs()?, small::make),
            Self::Debian => keep(&folder, "debian", &debian::inputs(), debian::make),
        }
    }
}

/// The image of this name made of these inputs, made by `make` as a raw file in a folder of its own.
fn keep(
    folder: &Path,
    name: &str,
    inputs: &[Vec<u8>],
    make: impl FnOnce(&Path) -> Result<PathBuf, LabError>,
) -> Result<PathBuf, LabError> {
    let image = folder.join(format!("{name}-{}.qcow2", digest(inputs)));
    if image.is_file() {
        return Ok(image);
    }
    let mut alone = None;
    wait_until(DEADLINE, &format!("the image {name}, which another process makes"), || {
        alone = lock_file(folder, name, FlockOperation::NonBlockingLockExclusive)?;
        Ok(alone.is_some())
    })?;
    if image.is_file() {
        return Ok(image);
    }
    remove_older(folder, name)?;
    let making = folder.join(format!("{name}.making"));
    fs::create_dir_all(&making).map_err(file_error("make", &making))?;
    let raw = make(&making)?;
    let finished = making.join("image.qcow2");
    let mut convert = Command::new("qemu-img");
    convert.args(["convert", "-c", "-o", COMPRESSION, "-f", "raw", "-O", "qcow2"]);
    run(convert.args([&raw, &finished]))?;
    fs::rename(&finished, &image).map_err(file_error("make", &image))?;
    fs::remove_dir_all(&making).map_err(file_error("remove", &making))?;
    Ok(image)
}

/// Removes what an interrupted process left, and images of other inputs.
fn remove_older(folder: &Path, name: &str) -> Result<(), LabError> {
    let entries = fs::read_dir(folder).map_err(file_error("list", folder))?;
    for entry in entries {
        let entry = entry.map_err(file_error("list", folder))?;
        let file_name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        let removed = match file_name.strip_prefix(name) {
            Some(".making") => fs::remove_dir_all(&path),
            Some(rest) if rest.starts_with('-') => fs::remove_file(&path),
            _ => Ok(()),
        };
        removed.map_err(file_error("remove", path))?;
    }
    Ok(())
}

/// Some digits that other inputs would change.
fn digest(inputs: &[Vec<u8>]) -> String {
    let mut all = Sha256::new_with_prefix(COMPRESSION);
    for input in inputs {
        all.update(input.len().to_le_bytes());
        all.update(input);
    }
    let bytes: [u8; 32] = all.finalize().into();
    let (start, _) = bytes.split_at(8);
    start.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{digest, keep};

    #[test]
    fn other_inputs_have_another_digest() {
        let bytes = |inputs: &[&str]| {
            digest(&inputs.iter().map(|it| it.as_bytes().to_vec()).collect::<Vec<_>>())
        };
        assert_eq!(bytes(&["a", "b"]), bytes(&["a", "b"]));
        assert_ne!(bytes(&["a", "b"]), bytes(&["ab"]));
        assert_ne!(bytes(&["a", "b"]), bytes(&["b", "a"]));
        assert_eq!(bytes(&["a"]).len(), 16);
    }

    #[test]
    fn makes_an_image_once_and_removes_those_of_other_inputs() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = |input: &str| {
            let mut times = 0;
            let image = keep(folder.path(), "it", &[input.into()], |making| {
                times += 1;
                fs::write(making.join("raw"), vec![0; 4096]).expect("a file");
                Ok(making.join("raw"))
            });
            (image.expect("an image"), times)
        };
        let (first, times) = made("1");
        assert_eq!((times, first.is_file()), (1, true));
        assert_eq!(made("1"), (first.clone(), 0));
        let (second, times) = made("2");
        assert_eq!((times, second.is_file(), first.is_file()), (1, true, false));
    }
}
