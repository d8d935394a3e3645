//! Where a project's SDK comes from.

use std::{
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// The checkout that this program was built from. A build for others has none: they have no such folder, and the
/// path would show them whose computer built it.
const OWN_CHECKOUT: Option<&str> = match option_env!("VMKIT_BUILD_FOR_OTHERS") {
    Some(_) => None,
    None => Some(concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk")),
};
/// The crates of the SDK by their folders.
pub(super) const CRATES: [(&str, &str); 5] = [
    ("vmkit-types", "types"),
    ("vmkit-abi", "abi"),
    ("vmkit-plugin", "plugin"),
    ("vmkit-probing", "probing"),
    ("vmkit-testkit", "testkit"),
];
/// Bits of a mode by which others than the owner may write.
const OTHERS_WRITE: u32 = 0o022;
/// The bit of a directory in which nobody replaces entries of others.
const STICKY: u32 = 0o1000;

/// Where a project's SDK comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// The registry of crates.
    Registry,
    /// The folder `sdk` of a checkout, in place of the registry.
    Checkout(PathBuf),
}

/// Why a folder is not the SDK's.
#[derive(Debug, thiserror::Error)]
pub enum SdkError {
    /// It does not hold the crates.
    #[error("{} is not the folder `sdk` of a vmkit checkout: it has no {missing}", path.display())]
    NotOne {
        /// The folder.
        path: PathBuf,
        /// What it lacks.
        missing: &'static str,
    },
    /// It cannot be looked at.
    #[error("cannot look at {}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Sdk {
    /// The SDK in this folder, which is `sdk` of a checkout or the checkout itself.
    ///
    /// # Errors
    /// The folder does not hold it.
    pub fn at(path: &Path) -> Result<Self, SdkError> {
        let unreadable = |source| SdkError::Unreadable { path: path.to_owned(), source };
        let real = path.canonicalize().map_err(unreadable)?;
        let below = real.join("sdk");
        let folder = if below.join("plugin").is_dir() { below } else { real };
        let has = |folder: &Path, name: &str| folder.join(name).join("Cargo.toml").is_file();
        match CRATES.iter().find(|(_, name)| !has(&folder, name)) {
            Some((missing, _)) => Err(SdkError::NotOne { path: path.to_owned(), missing }),
            None => Ok(Self::Checkout(folder)),
        }
    }

    /// The SDK of the checkout that this program was built from, if it is still there and nobody but
    /// root and this user can change it; otherwise that of the registry. `user`: who will build with it.
    pub fn of_this_build(user: u32) -> Self {
        match OWN_CHECKOUT.map(|folder| Self::at(Path::new(folder))) {
            // What lies there is compiled and run.
            Some(Ok(Self::Checkout(folder))) if is_private(&folder, user) => Self::Checkout(folder),
            _ => Self::Registry,
        }
    }
}

/// Whether only root and this user can change what lies in the folder and above.
fn is_private(folder: &Path, user: u32) -> bool {
    let inside = CRATES.iter().map(|(_, name)| folder.join(name));
    let all = inside.chain(folder.ancestors().map(Path::to_owned));
    all.into_iter().all(|path| {
        path.symlink_metadata().is_ok_and(|status| {
            let owned = status.uid() == 0 || status.uid() == user;
            owned && (status.mode() & OTHERS_WRITE == 0 || status.mode() & STICKY != 0)
        })
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn takes_the_folder_of_a_checkout_and_no_other() {
        let here = Path::new(OWN_CHECKOUT.unwrap()).canonicalize().unwrap();
        assert_eq!(Sdk::at(&here).unwrap(), Sdk::Checkout(here.clone()));
        assert_eq!(Sdk::at(here.parent().unwrap()).unwrap(), Sdk::Checkout(here.clone()));
        let why = Sdk::at(&here.join("types")).unwrap_err().to_string();
        assert!(why.contains("it has no vmkit-types"), "{why}");
        assert!(Sdk::at(Path::new("/nonexistent")).is_err());
    }

    #[test]
    fn a_checkout_that_others_can_change_is_not_used_unasked() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("sdk");
        for (_, name) in CRATES {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let user = fs::metadata(&folder).unwrap().uid();
        assert!(is_private(&folder, user));
        assert_eq!(is_private(&folder, user + 1), user == 0);
        for path in [folder.join("plugin"), folder.clone()] {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
            assert!(!is_private(&folder, user), "{}", path.display());
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}
