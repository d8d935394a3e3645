//! Writes and removes the file, in directories that only root can write.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use crate::{Objection, Setting};

/// Largest settings file, in bytes.
const SIZE_LIMIT: u64 = 1 << 20;
/// Readable by all, since the resolver has a user of its own.
const MODE: u32 = 0o644;
/// The same for a new directory.
const DIRECTORY_MODE: u32 = 0o755;
/// The file before it gets its name. The resolver reads no file of this name.
const NEW: &str = ".vmkit-new";

/// Writes the file whole or not at all. The caller has planned it, so nothing of somebody else's is
/// there.
///
/// # Errors
/// It cannot be written.
pub fn write(setting: &Setting) -> Result<(), Objection> {
    let written = || {
        let directory = setting.path.parent().unwrap_or(Path::new("/"));
        if !directory.exists() {
            fs::create_dir_all(directory)?;
            // Independent of root's umask, since the resolver must enter.
            fs::set_permissions(directory, fs::Permissions::from_mode(DIRECTORY_MODE))?;
        }
        let path = directory.join(NEW);
        // That of a killed run.
        fs::remove_file(&path).or_else(|error| absent(error, ()))?;
        let mut new = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&path)?;
        new.write_all(setting.text.as_bytes())?;
        new.set_permissions(fs::Permissions::from_mode(MODE))?;
        new.sync_all()?;
        fs::rename(&path, &setting.path)
    };
    written().map_err(failed("write", &setting.path))
}

/// Removes vmkit's file.
///
/// # Errors
/// It cannot be removed.
pub fn remove(path: &Path) -> Result<(), Objection> {
    fs::remove_file(path).map_err(failed("remove", path))
}

/// Whether the file is there as it would be written now. An earlier version of vmkit may have written
/// another port, which any user can bind.
pub fn is_current(setting: &Setting) -> bool {
    let text = small_text(&setting.path).ok().flatten();
    text.is_some_and(|text| text == setting.text.as_bytes())
}

/// Whether the file is vmkit's. `None`: it does not exist.
pub(crate) fn is_own(path: &Path) -> Result<Option<bool>, Objection> {
    match fs::symlink_metadata(path) {
        Ok(status) if !status.is_file() => Ok(Some(false)),
        Ok(_) => {
            let text = match small_text(path) {
                // Everybody can read vmkit's.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
                text => text.map_err(failed("read", path))?,
            };
            Ok(Some(text.is_some_and(|text| Setting::is_own(&text))))
        }
        Err(error) => absent(error, None).map_err(failed("read", path)),
    }
}

/// The contents of a file, unless it is larger than any setting.
pub(crate) fn small_text(path: &Path) -> io::Result<Option<Vec<u8>>> {
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut text = Vec::new();
    File::open(path)?.take(SIZE_LIMIT + 1).read_to_end(&mut text)?;
    Ok(Some(text).filter(|text| text.len() as u64 <= SIZE_LIMIT))
}

fn absent<T>(error: io::Error, value: T) -> io::Result<T> {
    if error.kind() == io::ErrorKind::NotFound { Ok(value) } else { Err(error) }
}

pub(crate) fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> Objection {
    move |source| Objection::System { operation, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn recognises_its_own_file_and_follows_no_link() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let suffix = "vm.test".parse().unwrap();
        let mut setting = Setting::of_systemd(None, &suffix, [127, 0, 0, 1].into());
        setting.path = at("below/vmkit.conf");
        fs::create_dir(at("below")).unwrap();
        // A leftover that is a link is removed and not followed.
        fs::write(at("precious"), "kept").unwrap();
        symlink(at("precious"), at("below/.vmkit-new")).unwrap();
        write(&setting).unwrap();
        assert_eq!(is_own(&setting.path).unwrap(), Some(true));
        assert!(is_current(&setting));
        setting.text = setting.text.replace("DNS=127.0.0.1", "DNS=127.0.0.1:5354");
        assert!(!is_current(&setting), "any user can bind that port");
        assert_eq!(fs::read_to_string(at("precious")).unwrap(), "kept");
        let mode = fs::metadata(&setting.path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, MODE);
        symlink(&setting.path, at("link")).unwrap();
        fs::write(at("foreign"), "mine").unwrap();
        for (name, expected) in
            [("link", Some(false)), ("foreign", Some(false)), ("below", Some(false)), ("x", None)]
        {
            assert_eq!(is_own(&at(name)).unwrap(), expected, "{name}");
        }
        remove(&setting.path).unwrap();
        assert!(!setting.path.exists());
    }
}
