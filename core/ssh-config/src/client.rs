//! OpenSSH's client for one machine.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, entries::path_value};

/// How ssh reaches one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The machine's name. It stays the host, so that the user's own settings for it apply, and its
    /// address is the host name that they could give it as well.
    pub name: String,
    /// Where its SSH server is.
    pub address: SocketAddr,
    /// The name of its host key.
    pub host_key_alias: String,
    /// The user to log in as. `None`: ssh decides.
    pub user: Option<String>,
    /// The private key that its manager made for it.
    pub identity_file: Option<PathBuf>,
    /// The home of the user who called sudo. This process is that user, but its environment is root's.
    pub under_sudo: Option<Option<PathBuf>>,
}

impl Client {
    /// The command, and why the key of the manager is not used, if so. `options` count before all others;
    /// what follows is the command to run there.
    pub fn command(&self, options: &[&str]) -> (Command, Option<Error>) {
        let mut command = Command::new("ssh");
        command.args(options.iter().map(|option| format!("-o{option}")));
        command.arg(format!("-oHostName={}", self.address.ip()));
        command.arg(format!("-oHostKeyAlias={}", self.host_key_alias));
        command.arg("-oCheckHostIP=no");
        // A proxy of the user's for other hosts would not find it.
        command.arg("-oProxyCommand=none");
        if let Some(user) = &self.user {
            command.arg("-l").arg(user);
        }
        let unused = match self.identity_file.as_deref().map(path_value) {
            Some(Ok(file)) => {
                command.arg(format!("-oIdentityFile={file}"));
                None
            }
            Some(Err(error)) => Some(error),
            None => None,
        };
        if let Some(home) = &self.under_sudo {
            take_own_environment(&mut command, home.as_deref());
        }
        let port = self.address.port().to_string();
        // ssh takes options after the host too, unless this stands before it.
        command.args(["-p", &port, "--", &host_name(&self.name)]);
        (command, unused)
    }
}

/// The host that ssh is given: the machine's name, in which ssh would take some characters for others.
fn host_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    name.chars().map(|c| if plain(c) { c } else { '-' }).collect()
}

fn take_own_environment(command: &mut Command, home: Option<&Path>) {
    let user = std::env::var_os("SUDO_USER");
    let home = home.map(|home| home.as_os_str().to_owned());
    for (name, value) in [("HOME", &home), ("USER", &user), ("LOGNAME", &user)] {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_given_come_first_and_the_name_is_no_option() {
        let client = Client {
            name: "-oProxyCommand=x".to_owned(),
            address: "[fd00::1]:2222".parse().unwrap(),
            host_key_alias: "vmkit-web".to_owned(),
            user: Some("ubuntu".to_owned()),
            identity_file: Some("/keys/\"".into()),
            under_sudo: None,
        };
        let (command, unused) = client.command(&["BatchMode=yes"]);
        let words: Vec<_> = command.get_args().map(|word| word.to_str().unwrap()).collect();
        let expected = "-oBatchMode=yes -oHostName=fd00::1 -oHostKeyAlias=vmkit-web -oCheckHostIP=no \
                        -oProxyCommand=none -l ubuntu -p 2222 -- -oProxyCommand-x";
        assert_eq!(words.join(" "), expected);
        assert!(unused.is_some());
    }
}
