//! The text of the entries.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use crate::exit::Failure;

/// What ssh needs to know of one machine.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) user: Option<String>,
    pub(crate) host_key_alias: String,
}

/// How ssh starts this program.
pub(crate) struct Invocation {
    pub(crate) program: PathBuf,
    /// Where it has to be named.
    pub(crate) data_directory: Option<PathBuf>,
}

/// A machine without an entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) name: String,
    pub(crate) why: String,
}

/// The entries as text. `own`: hosts that the user's configuration has entries for, with the lines.
///
/// # Errors
/// A path cannot be written in a configuration of ssh.
pub(crate) fn render(
    entries: Vec<Entry>,
    own: &BTreeMap<String, usize>,
    invocation: &Invocation,
) -> Result<(String, Vec<Skipped>), Failure> {
    let command = command(invocation)?;
    let mut text = "\
# Written by `vm ssh-config`, which overwrites it: changes made here are lost.
# Addresses are looked up at each connection. Run it again after VMs were made or destroyed.
"
    .to_owned();
    let mut skipped = Vec::new();
    for Entry { name, user, host_key_alias } in entries {
        if let Some(why) = objection(&name, own) {
            skipped.push(Skipped { name, why });
            continue;
        }
        let user = user.map_or_else(String::new, |user| format!("    User {user}\n"));
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "
Host {name}
{user}    HostKeyAlias {host_key_alias}
    CheckHostIP no
    ProxyCommand {command} ssh-connect {name} %p
    ProxyUseFdpass yes
"
        );
    }
    Ok((text, skipped))
}

/// Why a machine of this name gets no entry.
fn objection(name: &str, own: &BTreeMap<String, usize>) -> Option<String> {
    if name.starts_with('-') {
        return Some("ssh would take its name for an option".to_owned());
    }
    if name.eq_ignore_ascii_case("localhost") {
        return Some("`ssh localhost` is to reach this computer".to_owned());
    }
    let line = own.get(name)?;
    Some(format!("line {line} of your configuration has an entry of its own; it stays yours"))
}

/// The command, as ssh hands it to the user's shell once it has replaced its own `%` tokens.
fn command(invocation: &Invocation) -> Result<String, Failure> {
    let mut words = vec![word(&invocation.program)?, "--quiet".to_owned()];
    if let Some(directory) = &invocation.data_directory {
        words.extend(["--data-dir".to_owned(), word(directory)?]);
    }
    Ok(words.join(" "))
}

fn word(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().filter(|text| !text.contains(char::is_control));
    let text = text.ok_or_else(|| {
        let shown = vmkit_types::escaped(&path.display().to_string());
        Failure::new(format!("the path {shown} cannot be written in a configuration of ssh"))
    })?;
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
        }
    }

    #[test]
    fn writes_an_entry_for_each_machine_that_it_would_not_harm() {
        let own = BTreeMap::from([("db".to_owned(), 7)]);
        let invocation = Invocation { program: "/usr/bin/vm".into(), data_directory: None };
        let entries = ["web", "db", "-oX", "LocalHost"].map(|name| entry(name, Some("ubuntu")));
        let (text, skipped) = render(entries.into(), &own, &invocation).unwrap();
        let blocks: Vec<_> = text.split("\n\n").skip(1).collect();
        let expected = "\
Host web
    User ubuntu
    HostKeyAlias vmkit-web
    CheckHostIP no
    ProxyCommand /usr/bin/vm --quiet ssh-connect web %p
    ProxyUseFdpass yes
";
        assert_eq!(blocks, [expected]);
        let names: Vec<_> = skipped.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["db", "-oX", "LocalHost"]);
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
