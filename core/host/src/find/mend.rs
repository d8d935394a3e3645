//! The command that makes a refused library usable.

use std::{
    fmt, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use vmkit_wire::{EPOCH, ManifestError};

use super::{Installation, beside, owners::Fault, refusal::Refusal};

/// Somebody may have changed it already; changing its owner does not undo that.
const TRUSTED: &str = "if you trust what it holds now";

const NO_SUCH_FILE: &str = "name a plugin that is there; `vm plugin list` shows the installed ones";
const NO_PLUGIN: &str =
    "name a plugin: a library, a manifest NAME.plugin.json, or the program beside it";

/// What mends a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// What to know first, where the command alone does not say it.
    pub advice: Option<&'static str>,
    /// One line for a shell; empty: no command mends it.
    pub command: String,
}

impl fmt::Display for Mend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.advice {
            Some(advice) if self.command.is_empty() => f.write_str(advice),
            Some(advice) => write!(f, "{advice}: {}", self.command),
            None => f.write_str(&self.command),
        }
    }
}

impl Refusal {
    /// The command that mends this, for the user of this run; `found` is where the library was
    /// found.
    pub fn mend(&self, found: &Path, installation: &Installation) -> Mend {
        let shell = Shell(installation);
        let found = &beside::plugin_at(found);
        match self {
            Self::Unreadable { source, .. }
                if source.kind() == io::ErrorKind::NotFound && is_missing(found) =>
            {
                advice(NO_SUCH_FILE)
            }
            Self::Untrusted { .. }
            | Self::Changed { .. }
            | Self::OtherNeeds { .. }
            | Self::Quarantined { .. } => trusting(found, installation, &[]),
            Self::Altered { .. } | Self::Unpinned { .. } => shell.reinstall(),
            Self::Worker(why) => match &**why {
                Self::Unreadable { source, .. }
                    if source.kind() != io::ErrorKind::PermissionDenied =>
                {
                    shell.reinstall()
                }
                Self::NotAFile(_) | Self::Altered { .. } | Self::Unpinned { .. } => {
                    shell.reinstall()
                }
                why => why.mend(&installation.worker(), installation),
            },
            Self::Exposed { real, first, more, own } => {
                let faults: Vec<&Fault> = std::iter::once(first).chain(more).collect();
                shell.close(found, real, &faults, *own)
            }
            Self::Unreadable { path, source }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                shell.open(found, path)
            }
            Self::Hidden { path, owner, .. } => {
                plain(shell.line(*owner, &["chmod", "a+r"], &[path]))
            }
            Self::Manifest(ManifestError::Epoch { found: epoch }) if *epoch > EPOCH => {
                Mend { advice: Some("install a newer vmkit from its sources"), ..shell.reinstall() }
            }
            Self::Manifest(ManifestError::Epoch { .. }) => Mend {
                advice: Some("build it again with this version's vmkit-plugin, or set it aside"),
                ..shell.set_aside(found)
            },
            Self::Unreadable { .. }
            | Self::NotAFile(_)
            | Self::NoManifest { .. }
            | Self::Interpreter { .. }
            | Self::Manifest(_)
            | Self::SameId { .. } => shell.set_aside(found),
        }
    }
}

/// The command that trusts a library, or ends its quarantine.
pub(crate) fn trusting(library: &Path, installation: &Installation, options: &[&str]) -> Mend {
    let words = [&["vm", "plugin", "trust"], options].concat();
    // In a run with root's rights, what root has agreed to counts.
    let owner = if installation.privileged { 0 } else { installation.user };
    plain(Shell(installation).line(owner, &words, &[library]))
}

fn advice(advice: &'static str) -> Mend {
    Mend { advice: Some(advice), command: String::new() }
}

/// Whether nothing is there at all.
fn is_missing(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Whether a folder of plugins would hold it as one: nothing else is copied or renamed.
fn is_plugin(path: &Path) -> bool {
    beside::is_library(path) || beside::is_manifest(path)
}

fn plain(command: String) -> Mend {
    Mend { advice: None, command }
}

/// Writes commands for the user of an installation.
struct Shell<'a>(&'a Installation);

impl Shell<'_> {
    /// One command, with sudo where its user is not the one who owns what it changes.
    fn line(&self, owner: u32, words: &[&str], paths: &[&Path]) -> String {
        let sudo = (self.0.user != 0 && self.0.user != owner).then_some("sudo");
        let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let words = sudo.into_iter().chain(words.iter().copied());
        let words: Vec<&str> = words.chain(paths.iter().map(String::as_str)).collect();
        // A zero byte alone cannot be quoted, and no path holds one.
        shlex::try_join(words.iter().copied()).unwrap_or_else(|_| words.join(" "))
    }

    /// Removes the write permission of others.
    fn close(&self, found: &Path, real: &Path, faults: &[&Fault], own: bool) -> Mend {
        let near = |path: &Path| path == real || Some(path) == real.parent();
        let of_tree = |path: &Path| path.starts_with(self.0.prefix());
        let sticky = |fault: &Fault| matches!(fault, Fault::WritableByOthers { sticky: true, .. });
        let at_hand = faults.iter().all(|fault| {
            if own { of_tree(fault.path()) } else { near(fault.path()) && !sticky(fault) }
        });
        if !at_hand {
            return match own {
                true => install_elsewhere(),
                false if is_plugin(found) => self.relocate(found),
                false => advice(NO_PLUGIN),
            };
        }
        let foreign = faults.iter().filter(|fault| matches!(fault, Fault::ForeignOwner { .. }));
        let foreign: Vec<&Path> = foreign.map(|fault| fault.path()).collect();
        let all: Vec<&Path> = faults.iter().map(|fault| fault.path()).collect();
        if foreign.is_empty() {
            // One that is not the user's makes the whole line root's.
            let owners = all.iter().map(|path| owner_of(path));
            let owner = owners.max_by_key(|owner| *owner != self.0.user).unwrap_or(0);
            return plain(self.line(owner, &["chmod", "go-w"], &all));
        }
        let name = match self.rightful_owner(own) {
            0 => "root".to_owned(),
            user => user.to_string(),
        };
        let gives = self.line(0, &["chown", &name], &foreign);
        let command = format!("{gives} && {}", self.line(0, &["chmod", "go-w"], &all));
        Mend { advice: Some(TRUSTED), command }
    }

    /// Who is meant to own what is loaded.
    fn rightful_owner(&self, own: bool) -> u32 {
        match (own, self.0.privileged) {
            (true, _) => owner_of(&self.0.program),
            (false, true) => 0,
            (false, false) => self.0.user,
        }
    }

    /// Lets others read it, or pass through it.
    fn open(&self, found: &Path, closed: &Path) -> Mend {
        let near = closed == found || Some(closed) == found.parent();
        let own = found.starts_with(&self.0.library) && closed.starts_with(self.0.prefix());
        if !near && !own {
            return self.relocate(found);
        }
        let runs = closed.is_dir() || closed == self.0.worker();
        let rights = if runs { "a+rx" } else { "a+r" };
        plain(self.line(owner_of(closed), &["chmod", rights], &[closed]))
    }

    /// Copies the plugin to those that came with vmkit, so that no directory far above it has to be
    /// changed.
    fn relocate(&self, found: &Path) -> Mend {
        let plugins = self.0.plugins();
        let owner = owner_of(&plugins);
        if let Some(program) = beside::program_of(found) {
            let copies = self.line(owner, &["install", "-m", "755"], &[found, &program, &plugins]);
            let aside = self.set_aside(found).command;
            return Mend { advice: Some(TRUSTED), command: format!("{copies} && {aside}") };
        }
        if !is_plugin(found) {
            // A directory of plugins that cannot be listed.
            return plain(self.line(owner, &["cp", "-R"], &[&found.join("."), &plugins]));
        }
        let copies = self.line(owner, &["install", "-m", "755"], &[found, &plugins]);
        let aside = self.set_aside(found).command;
        Mend { advice: Some(TRUSTED), command: format!("{copies} && {aside}") }
    }

    /// Renames it so that it no longer counts as a library.
    fn set_aside(&self, found: &Path) -> Mend {
        if !is_plugin(found) {
            return advice(NO_PLUGIN);
        }
        let mut name = found.as_os_str().to_owned();
        name.push(".off");
        let owner = found.parent().map_or(0, owner_of);
        plain(self.line(owner, &["mv"], &[found, Path::new(&PathBuf::from(name))]))
    }

    fn reinstall(&self) -> Mend {
        let prefix = self.0.prefix();
        let words = ["cargo", "xtask", "install", "--prefix"];
        let command = self.line(self.0.user, &words, &[prefix]);
        let owner = owner_of(prefix);
        let other = self.0.user != 0 && self.0.user != owner;
        Mend {
            advice: Some("install vmkit again from its sources"),
            // The path of root seldom has cargo.
            command: if other { format!("sudo env \"PATH=$PATH\" {command}") } else { command },
        }
    }
}

fn install_elsewhere() -> Mend {
    Mend {
        advice: Some("install vmkit where nobody else can write"),
        command: "cargo xtask install --prefix ~/.local".to_owned(),
    }
}

/// Its owner; root where the owner is unknown, since sudo is right then.
fn owner_of(path: &Path) -> u32 {
    path.metadata().map_or(0, |status| status.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What no test of a real tree has: manifests of other epochs, and quoting in each command.
    #[test]
    fn each_refusal_names_a_command_that_a_shell_reads() {
        let found = Path::new("/no where/x.so");
        let installation = Installation {
            program: "/no prefix/bin/vm".into(),
            library: "/no prefix/lib/vmkit".into(),
            user: 1000,
            privileged: false,
            account: None,
        };
        let manifest = Refusal::Manifest;
        let epoch = |found| manifest(ManifestError::Epoch { found });
        let aside = "sudo mv '/no where/x.so' '/no where/x.so.off'";
        let rows = [
            (epoch(EPOCH - 1), format!("build it again with this version's vmkit-plugin, or set it aside: {aside}")),
            (epoch(EPOCH + 1), "install a newer vmkit from its sources: sudo env \"PATH=$PATH\" cargo xtask install --prefix '/no prefix'".to_owned()),
            (manifest(ManifestError::Id), aside.to_owned()),
            (manifest(ManifestError::Gateway), aside.to_owned()),
            (Refusal::NotAFile(found.into()), aside.to_owned()),
            (Refusal::Unreadable { path: found.into(), source: io::ErrorKind::NotFound.into() }, NO_SUCH_FILE.to_owned()),
        ];
        for (refusal, expected) in rows {
            assert_eq!(refusal.mend(found, &installation).to_string(), expected, "{refusal:?}");
        }
    }

    /// A folder or a file of another kind is named by mistake: no command moves it.
    #[test]
    fn what_is_no_plugin_is_neither_copied_nor_renamed() {
        let folder = tempfile::tempdir().unwrap();
        let installation = Installation {
            program: "/no prefix/bin/vm".into(),
            library: "/no prefix/lib/vmkit".into(),
            user: 0,
            privileged: true,
            account: None,
        };
        let exposed = |first: &str| Refusal::Exposed {
            real: folder.path().join("x.py"),
            first: Fault::ForeignOwner { path: first.into(), owner: 1000 },
            more: Vec::new(),
            own: false,
        };
        for found in [Path::new("."), folder.path(), &folder.path().join("x.py")] {
            let refusals = [exposed("/far/above"), Refusal::NotAFile(found.into())];
            for refusal in refusals {
                let mend = refusal.mend(found, &installation);
                assert_eq!(mend.to_string(), NO_PLUGIN, "{} {refusal:?}", found.display());
            }
        }
        // The program of a plugin goes with its manifest.
        let manifest = r#"{"id":"x","version":"1","epoch":1,"kinds":[],"program":{"file":"x.py"}}"#;
        std::fs::write(folder.path().join("x.plugin.json"), manifest).unwrap();
        let command =
            exposed("/far/above").mend(&folder.path().join("x.py"), &installation).command;
        assert!(command.starts_with("install -m 755 "), "{command}");
        assert!(command.contains("/x.plugin.json ") && command.contains("/x.py "), "{command}");
    }
}
