//! Plugins that the user puts into their own directory, or takes out of it.

use std::{
    fs,
    io::{Read as _, Seek as _},
    path::{Path, PathBuf},
};

use vmkit_host::{Found, Origin, Plugin};
use vmkit_state::Folder;

use crate::{Error, Settings};

/// The user's own plugins, below the home directory.
const OWN: [&str; 4] = [".local", "share", "vmkit", "plugins"];
/// Files of indexes, below the home directory.
const CACHE: [&str; 3] = [".cache", "vmkit", "plugins"];
/// How a library of this platform is named.
const SUFFIX: &str = if cfg!(target_os = "macos") { "dylib" } else { "so" };

impl Settings {
    /// Puts a copy of exactly this plugin into the user's own directory, in place of earlier ones of its
    /// id. Nobody agrees to it by that. Returns where it lies.
    ///
    /// # Errors
    /// It came with vmkit, this run has root's rights, or the file cannot be written.
    pub fn install(&self, plugin: &Plugin) -> Result<PathBuf, Error> {
        let id = &plugin.manifest.id;
        let bundled = |found: &Found| is_of(found, id) && is_bundled(found);
        if plugin.is_bundled() || self.plugins().iter().any(bundled) {
            return Err(refused(format!("`{id}` is a plugin that came with vmkit"), None));
        }
        if self.invoker.privileged {
            return Err(self.by_hand(plugin));
        }
        let files = Files::of(plugin)?;
        let folder = self.own_folder()?;
        let earlier = self.own_of(id)?;
        for (name, _) in files.all() {
            let place = folder.path().join(name);
            if place.symlink_metadata().is_ok() && !earlier.contains(&real(&place)) {
                let taken = format!("{} is not this plugin's", place.display());
                let hint = "rename the plugin's file, or remove that one".to_owned();
                return Err(refused(taken, Some(hint)));
            }
        }
        let mut places = Vec::new();
        for (name, bytes) in files.all() {
            folder.replace(name, bytes)?;
            places.push(real(&folder.path().join(name)));
        }
        earlier
            .iter()
            .filter(|other| !places.contains(other))
            .try_for_each(|it| remove_file(it))?;
        Ok(folder.path().join(&files.main.0))
    }

    /// Takes the plugin of this id out of the user's own directory. Returns where it lay.
    ///
    /// # Errors
    /// It is not there, this run has root's rights, or the file cannot be removed.
    pub fn remove(&self, id: &str) -> Result<Vec<PathBuf>, Error> {
        let all = self.plugins();
        let of_id: Vec<&Found> = all.iter().filter(|found| is_of(found, id)).collect();
        let own = if self.invoker.privileged { Vec::new() } else { self.own_of(id)? };
        if own.is_empty() {
            return Err(match of_id.first() {
                None => refused(
                    format!("no plugin `{id}` is installed"),
                    Some("vm plugin list".to_owned()),
                ),
                Some(found) if is_bundled(found) => {
                    refused(format!("`{id}` came with vmkit and stays"), None)
                }
                Some(found) => refused(
                    format!("`{id}` is not in your own directory: {}", found.path.display()),
                    Some(in_shell(&["sudo", "rm", "--", &found.path.display().to_string()])),
                ),
            });
        }
        own.iter().try_for_each(|path| remove_file(path))?;
        Ok(own)
    }

    /// Keeps a file of an index, until it is installed, where nobody else can change it.
    ///
    /// # Errors
    /// It cannot be written, or this run has root's rights.
    pub fn keep_for_install(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let folder = Folder::below(self.own_home()?, &CACHE);
        folder.replace(name, bytes)?;
        Ok(folder.path().join(name))
    }

    /// Where indexes are kept, and the home directory.
    ///
    /// # Errors
    /// The home directory is unknown, or this run has root's rights.
    pub fn index_cache(&self) -> Result<(PathBuf, PathBuf), Error> {
        let home = self.own_home()?;
        Ok((home.join(".cache/vmkit/index"), home))
    }

    fn own_home(&self) -> Result<PathBuf, Error> {
        if self.invoker.privileged {
            return Err(refused(
                "an index is read by a user, and not with root's rights".to_owned(),
                Some("run the command without sudo".to_owned()),
            ));
        }
        self.invoker.home.as_ref().known().cloned().ok_or(Error::NoHome)
    }

    fn own_folder(&self) -> Result<Folder, Error> {
        Ok(Folder::below(self.own_home()?, &OWN))
    }

    /// The files in the user's own directory that hold the plugin of this id: what is run first, so that a
    /// removal that is cut short leaves nothing that runs.
    fn own_of(&self, id: &str) -> Result<Vec<PathBuf>, Error> {
        let folder = real(&self.own_folder()?.path());
        let plugins = self.plugins();
        let own = plugins.iter().filter(|found| {
            is_of(found, id) && found.path.parent().map(real).as_ref() == Some(&folder)
        });
        let files = own.flat_map(|found| {
            let program = found.identity.as_ref().and_then(|it| it.manifest.program.as_ref());
            let program = program.map(|program| folder.join(&program.file));
            [Some(real(&found.path)), program.filter(|file| file.is_file())]
        });
        Ok(files.flatten().collect())
    }

    /// With root's rights a directory of the configuration is the place, and `vm` has given up the right
    /// to write there.
    fn by_hand(&self, plugin: &Plugin) -> Error {
        let Some(directory) = self.config.plugin_directories.first() else {
            return refused(
                "no directory for plugins of everybody is configured".to_owned(),
                Some("add `plugin_directories` to /etc/vmkit/config.toml".to_owned()),
            );
        };
        let program = plugin.manifest.program.as_ref();
        let program = program.map(|program| plugin.path.with_file_name(&program.file));
        let commands = commands(directory, program.as_deref(), &plugin.path);
        refused(
            "plugins for everybody are put there by root".to_owned(),
            Some(format!("{commands}, then trust the file there with `sudo vm plugin trust FILE`")),
        )
    }
}

/// The commands that put a plugin's files into a directory: first its program, if it has one of its own.
fn commands(directory: &Path, program: Option<&Path>, main: &Path) -> String {
    let directory = format!("{}/", directory.display());
    let command = |mode: &str, file: &Path| {
        let file = file.display().to_string();
        in_shell(&["sudo", "install", "-m", mode, "--", &file, &directory])
    };
    let program = program.map(|program| command("0755", program));
    let all: Vec<String> = program.into_iter().chain([command("0644", main)]).collect();
    all.join(" && ")
}

/// A command line that can be pasted.
fn in_shell(words: &[&str]) -> String {
    shlex::try_join(words.iter().copied()).unwrap_or_else(|_| words.join(" "))
}

/// The files of a plugin, each with its name.
struct Files {
    /// The program of a manifest.
    program: Option<(String, Vec<u8>)>,
    /// The library or the manifest, which makes it a plugin.
    main: (String, Vec<u8>),
}

impl Files {
    /// What was hashed and agreed to, whatever lies at the path by now.
    fn of(plugin: &Plugin) -> Result<Self, Error> {
        let failed =
            |error: std::io::Error| refused(format!("cannot read the plugin: {error}"), None);
        let mut bytes = Vec::new();
        let mut file = &plugin.file;
        file.rewind().map_err(failed)?;
        file.read_to_end(&mut bytes).map_err(failed)?;
        let manifest = &plugin.manifest;
        Ok(match (&plugin.manifest_file, &manifest.program) {
            (Some(text), Some(program)) => Self {
                program: Some((program.file.clone(), bytes)),
                main: (format!("{}.plugin.json", manifest.id), text.clone()),
            },
            _ => Self {
                program: None,
                main: (format!("lib{}.{SUFFIX}", manifest.id.replace('-', "_")), bytes),
            },
        })
    }

    /// The one that makes it a plugin comes last.
    fn all(&self) -> impl Iterator<Item = &(String, Vec<u8>)> {
        self.program.iter().chain([&self.main])
    }
}

/// The path without links, where that can be told.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn is_of(found: &Found, id: &str) -> bool {
    found.identity.as_ref().is_some_and(|identity| identity.manifest.id == id)
}

fn is_bundled(found: &Found) -> bool {
    found.identity.as_ref().is_some_and(|identity| identity.origin == Origin::Bundled)
}

fn remove_file(path: &Path) -> Result<(), Error> {
    fs::remove_file(path)
        .map_err(|error| refused(format!("cannot remove {}: {error}", path.display()), None))
}

fn refused(why: String, hint: Option<String>) -> Error {
    Error::Install { why, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_of_a_plugin_are_installed_whatever_their_names() {
        let directory = Path::new("/opt/vm plugins");
        let library = commands(directory, None, Path::new("/tmp/it's/libx.so"));
        let expected = r#"sudo install -m 0644 -- "/tmp/it's/libx.so" '/opt/vm plugins/'"#;
        assert_eq!(library, expected);
        let program = Some(Path::new("/tmp/x"));
        let both = commands(Path::new("/opt/p"), program, Path::new("/tmp/x.plugin.json"));
        let expected = "sudo install -m 0755 -- /tmp/x /opt/p/ && \
                        sudo install -m 0644 -- /tmp/x.plugin.json /opt/p/";
        assert_eq!(both, expected);
    }
}
