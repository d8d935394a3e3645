//! The text of the entries.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::{Path, PathBuf},
};

use crate::Error;

/// The entry of one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The machine's name.
    pub name: String,
    /// The user to log in as.
    pub user: Option<String>,
    /// The name of its host key in `known_hosts`.
    pub host_key_alias: String,
    /// The private key that its manager made for it.
    pub identity_file: Option<PathBuf>,
}

/// How ssh starts this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The program.
    pub program: PathBuf,
    /// The data directory, if the program would not find it without being given its path.
    pub data_directory: Option<PathBuf>,
    /// The managers that this run is restricted to.
    pub managers: Vec<String>,
}

/// The text of the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// The machines without an entry.
    pub skipped: Vec<Skipped>,
}

/// A machine without an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// Why it has none.
    pub why: String,
}

/// The text of the entries. `own`: the hosts that the user's configuration names, with the lines.
///
/// # Errors
/// A path cannot be written in a configuration of ssh.
pub(crate) fn render(
    entries: Vec<Entry>,
    own: &BTreeMap<String, usize>,
    invocation: &Invocation,
) -> Result<Rendered, Error> {
    let command = command(invocation)?;
    let mut text = "\
# Written by `vm ssh-config`, which overwrites it: changes made here are lost.
# Addresses are looked up at each connection. Run it again after VMs were made or destroyed.
"
    .to_owned();
    let mut skipped = Vec::new();
    let twins = twins(&entries);
    for Entry { name, user, host_key_alias, identity_file } in entries {
        if let Some(why) = objection(&name, own, &twins) {
            skipped.push(Skipped { name, why });
            continue;
        }
        let user = user.map_or_else(String::new, |user| format!("    User {user}\n"));
        let identity_file = match identity_file.as_deref().map(path_value) {
            Some(Ok(file)) => format!("    IdentityFile {file}\n"),
            Some(Err(error)) => {
                skipped.push(Skipped { name, why: error.to_string() });
                continue;
            }
            None => String::new(),
        };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "
Host {name}
{user}{identity_file}    HostKeyAlias {host_key_alias}
    CheckHostIP no
    ProxyCommand {command} ssh-connect {name} %p
    ProxyUseFdpass yes
"
        );
    }
    Ok(Rendered { text, skipped })
}

/// The names in lower case that several machines have.
fn twins(entries: &[Entry]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let names = entries.iter().map(|entry| entry.name.to_ascii_lowercase());
    names.filter(|name| !seen.insert(name.clone())).collect()
}

/// Why a machine with this name gets no entry.
fn objection(
    name: &str,
    own: &BTreeMap<String, usize>,
    twins: &BTreeSet<String>,
) -> Option<String> {
    // ssh looks host keys up in lower case, so the two would vouch for each other.
    if twins.contains(&name.to_ascii_lowercase()) {
        return Some("another VM has the same name, but for upper and lower case".to_owned());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !name.chars().all(plain) {
        return Some("ssh would not take its name for one host's".to_owned());
    }
    if name.starts_with('-') {
        return Some("ssh would take its name for an option".to_owned());
    }
    if name.eq_ignore_ascii_case("localhost") {
        return Some("`ssh localhost` is to reach this computer".to_owned());
    }
    let line = own.get(name)?;
    Some(format!("line {line} of your configuration has an entry of its own; it stays yours"))
}

/// The command for the user's shell, with `%` escaped for ssh.
fn command(invocation: &Invocation) -> Result<String, Error> {
    let mut words = vec![word(&invocation.program)?, "--quiet".to_owned()];
    if let Some(directory) = &invocation.data_directory {
        words.extend(["--data-dir".to_owned(), word(directory)?]);
    }
    for manager in &invocation.managers {
        words.extend(["--manager".to_owned(), word(Path::new(manager))?]);
    }
    Ok(words.join(" "))
}

/// A path as the value of an option, which may hold several paths with spaces between them.
///
/// # Errors
/// It cannot be written in a configuration of ssh, which replaces `%` and `${…}` in values.
pub fn path_value(path: &Path) -> Result<String, Error> {
    let text = path.to_str().filter(|text| !text.contains(|c: char| c.is_control() || c == '"'));
    let text = text.filter(|text| !text.contains("${") && !text.contains('\\'));
    let text = text.ok_or_else(|| Error::Path(path.to_owned()))?;
    Ok(format!("\"{}\"", text.replace('%', "%%")))
}

fn word(path: &Path) -> Result<String, Error> {
    let text = path.to_str().filter(|text| !text.contains(char::is_control));
    let text = text.ok_or_else(|| Error::Path(path.to_owned()))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.,+:@".contains(c);
    let quoted = if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    };
    Ok(quoted.replace('%', "%%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, user: Option<&str>) -> Entry {
        Entry {
            name: name.to_owned(),
            user: user.map(str::to_owned),
            host_key_alias: format!("vmkit-{name}"),
            identity_file: None,
        }
    }

    #[test]
    fn writes_an_entry_for_each_machine_that_it_would_not_harm() {
        let own = BTreeMap::from([("db".to_owned(), 7)]);
        let program = "/usr/bin/vm".into();
        let invocation = Invocation { program, data_directory: None, managers: Vec::new() };
        let names =
            ["web", "db", "-oX", "LocalHost", "Twin", "twin", "lima/web", "Windows 11", "*"];
        let mut entries = names.map(|name| entry(name, Some("ubuntu")));
        entries[0].identity_file = Some("/home/ann/.lima/50%/user".into());
        let Rendered { text, skipped } = render(entries.into(), &own, &invocation).unwrap();
        let blocks: Vec<_> = text.split("\n\n").skip(1).collect();
        let expected = "\
Host web
    User ubuntu
    IdentityFile \"/home/ann/.lima/50%%/user\"
    HostKeyAlias vmkit-web
    CheckHostIP no
    ProxyCommand /usr/bin/vm --quiet ssh-connect web %p
    ProxyUseFdpass yes
";
        assert_eq!(blocks, [expected]);
        let names: Vec<_> = skipped.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(
            names,
            ["db", "-oX", "LocalHost", "Twin", "twin", "lima/web", "Windows 11", "*"]
        );
    }

    #[test]
    fn a_path_is_one_word_of_the_shell() {
        let rows = [
            ("/usr/bin/vm", Some("/usr/bin/vm")),
            ("/my vms/50%", Some("'/my vms/50%%'")),
            ("/it's $(here)", Some(r"'/it'\''s $(here)'")),
            ("/a\nHost *", None),
        ];
        for (path, expected) in rows {
            assert_eq!(word(Path::new(path)).ok().as_deref(), expected, "{path:?}");
        }
    }
}
