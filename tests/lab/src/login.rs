//! A person who logs in to guests: a key, and an `ssh` that uses it and leaves root's own files alone.

use std::{ffi::OsString, fs, path::PathBuf, process::Command};

use crate::{Lab, LabError, command::run, error::file_error, initramfs::script};

/// A key in a folder, and a program named `ssh`.
#[derive(Debug)]
pub struct Login {
    folder: PathBuf,
}

impl Login {
    /// Makes the key and the program in the lab's folder.
    ///
    /// # Errors
    /// They cannot be made.
    pub fn new(lab: &Lab) -> Result<Self, LabError> {
        let login = Self { folder: lab.folder().join("login") };
        let programs = login.programs();
        fs::create_dir_all(&programs).map_err(file_error("make", &programs))?;
        let mut key = Command::new("ssh-keygen");
        run(key.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(login.key()))?;
        let text = format!(
            "#!/bin/sh\nexec /usr/bin/ssh -o IdentityFile={} -o UserKnownHostsFile={} \
             -o HashKnownHosts=no -o StrictHostKeyChecking=accept-new -o BatchMode=yes \"$@\"\n",
            login.key().display(),
            login.known_hosts().display()
        );
        script(&programs.join("ssh"), &text)?;
        Ok(login)
    }

    /// The file of the public key.
    pub fn public_key(&self) -> PathBuf {
        self.folder.join("key.pub")
    }

    /// The folder of the program `ssh`.
    pub fn programs(&self) -> PathBuf {
        self.folder.join("programs")
    }

    /// A `PATH` in which that `ssh` comes first.
    pub fn path(&self) -> OsString {
        let mut path = self.programs().into_os_string();
        path.push(":/usr/sbin:/usr/bin:/sbin:/bin");
        path
    }

    /// The host keys that the program remembers.
    pub fn known_hosts(&self) -> PathBuf {
        self.folder.join("known_hosts")
    }

    fn key(&self) -> PathBuf {
        self.folder.join("key")
    }
}
