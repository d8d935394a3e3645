//! The arguments of `vm ssh` and of what OpenSSH needs to know VMs by their names.

use std::{ffi::OsString, path::PathBuf};

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "\
The exit status is that of ssh: the command's own, or 255 without a connection. If the VM has no
usable address, ssh is not started, and the exit status is that of `vm resolve`.")]
pub(crate) struct Ssh {
    /// The VM
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The user to log in as [default: the VM's own]
    #[arg(short = 'l', long, value_name = "USER", value_parser = login)]
    pub(crate) user: Option<String>,
    /// If it fails, save what the doctor sees then, as `vm doctor --save` does
    #[arg(long, value_name = "DIR|FILE.zip")]
    pub(crate) save_on_failure: Option<PathBuf>,
    /// What to run there in place of a login shell
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct SshConfig {
    /// Write them to ~/.ssh/vmkit_config and include that in ~/.ssh/config
    #[arg(long)]
    pub(crate) install: bool,
    /// Undo --install
    #[arg(long, conflicts_with = "install")]
    pub(crate) uninstall: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SshConnect {
    /// The VM
    pub(crate) name: String,
    /// The port to connect to
    #[arg(default_value_t = 22)]
    pub(crate) port: u16,
}

/// A user's name on a Linux or BSD guest; one that began with `-` would be an option of ssh.
fn login(text: &str) -> Result<String, String> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "'`\";&<>|(){}$\\@".contains(c);
    if text.is_empty() || text.len() > 64 || text.starts_with('-') || text.contains(odd) {
        return Err("not the name of a user".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_cannot_be_an_option_of_ssh() {
        assert_eq!(login("ubuntu"), Ok("ubuntu".to_owned()));
        for wrong in ["", "-oProxyCommand=x", "a b", "a@b", "$(x)", "a\n"] {
            assert!(login(wrong).is_err(), "{wrong}");
        }
    }
}
