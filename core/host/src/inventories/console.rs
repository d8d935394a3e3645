//! Whether a console that an inventory lists is one that it may have opened: signals see what is in it.

use std::path::{Path, PathBuf};

use vmkit_platform::Platform;
use vmkit_types::{ListedMachine, Reading, Unread};
use vmkit_wire::{HOME, Needs, ReadFile, fits, is_secret_path};

/// What the host knows of a listed machine and its inventory.
pub(super) struct Grant<'a> {
    pub(super) needs: &'a Needs,
    /// The home directory of the user whom plugins run as.
    pub(super) home: Option<&'a Path>,
    /// The command line and the working directory of the machine's process, if it is proven.
    pub(super) process: Option<(Vec<String>, Option<PathBuf>)>,
}

/// How command lines name the log of a console: what stands right before its path.
const BEFORE: [&str; 4] = ["file:", ",path=", ",logfile=", "logFilePath="];
/// The ending of logs that lie beside a machine's file.
const ENDING: &str = ".log";

/// Makes each console unknown, with the reason, that may not be opened.
pub(super) fn check_all(
    machines: &mut [ListedMachine],
    needs: &Needs,
    home: Option<&Path>,
    platform: &impl Platform,
) {
    for machine in machines {
        let Reading::Known(console) = &machine.console else { continue };
        let process = machine.pid.as_ref().known().and_then(|pid| {
            let process = platform.process(*pid).known()?;
            Some((process.arguments, platform.working_directory(*pid).known()))
        });
        if let Err(why) = (Grant { needs, home, process }).check(console) {
            let why = format!("its console {console} {why}");
            machine.console = Reading::Unknown(Unread::Denied(why));
        }
    }
}

impl Grant<'_> {
    fn check(&self, console: &str) -> Result<(), &'static str> {
        let real = real_path(console);
        let Some(real) = real.to_str() else { return Err("has a path that cannot be shown") };
        if is_secret_path(real) || is_secret_path(console) {
            return Err("can hold a secret");
        }
        if self.is_declared(real) || self.is_of_process(console) {
            return Ok(());
        }
        Err("is named by no process of the machine, and the manifest lets the plugin not read it")
    }

    /// Whether the plugin may read it, or it is a log beside a file of a machine that the plugin may read.
    fn is_declared(&self, real: &str) -> bool {
        let home = self.home.map(real_path);
        let below = home.as_deref().and_then(|home| Path::new(real).strip_prefix(home).ok());
        let declared = below.and_then(Path::to_str).map(|below| format!("{HOME}{below}"));
        let declared = declared.as_deref().unwrap_or(real);
        if self.needs.declares_file(declared) {
            return true;
        }
        let Some((folder, name)) = declared.rsplit_once('/') else { return false };
        name.ends_with(ENDING)
            && self.needs.read_files.iter().any(|file| match file {
                ReadFile::Path(pattern) => is_folder_of_machine(pattern, folder),
                ReadFile::Console => false,
            })
    }

    /// Whether the machine's process was started with this log.
    fn is_of_process(&self, console: &str) -> bool {
        let Some((arguments, directory)) = &self.process else { return false };
        let is_it = |named: &str| match directory {
            _ if named.starts_with('/') => named == console,
            Some(directory) => directory.join(named) == Path::new(console),
            None => false,
        };
        let mut values =
            arguments.windows(2).filter(|pair| gives_console(&pair[0])).map(|pair| &pair[1]);
        values.any(|value| BEFORE.iter().any(|before| named_after(value, before).any(is_it)))
    }
}

/// Whether the value after this option can name the log of a console.
fn gives_console(option: &str) -> bool {
    let name = option.strip_prefix("--").or_else(|| option.strip_prefix('-'));
    name.is_some_and(|name| ["serial", "chardev", "device"].contains(&name))
}

/// What a value names right after this, up to a comma.
fn named_after<'a>(value: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    value.match_indices(before).map(move |(at, _)| {
        let rest = &value[at + before.len()..];
        rest.split_once(',').map_or(rest, |(path, _)| path)
    })
}

/// Whether a pattern names files in a directory of each machine, and this is one.
fn is_folder_of_machine(pattern: &str, folder: &str) -> bool {
    let Some((above, _)) = pattern.rsplit_once('/') else { return false };
    let same_depth = above.split('/').count() == folder.split('/').count();
    let has_star = above.rsplit('/').next().is_some_and(|part| part.contains('*'));
    has_star && same_depth && above.split('/').zip(folder.split('/')).all(|(own, it)| fits(own, it))
}

/// Where a file lies, without links; one that does not exist lies in the directory where it would.
fn real_path(path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let real = path.parent().and_then(|above| above.canonicalize().ok()).zip(path.file_name());
    real.map_or_else(|| path.to_owned(), |(above, name)| above.join(name))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn a_console_is_of_the_proven_process_or_what_the_plugin_may_read() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        for folder in ["vms/web", "notes", ".ssh"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        symlink(home.join(".ssh/config"), home.join("vms/web/key.log")).unwrap();
        symlink(home.join("notes/diary.log"), home.join("vms/web/diary.log")).unwrap();
        fs::write(home.join(".ssh/config"), "").unwrap();
        fs::write(home.join("notes/diary.log"), "").unwrap();
        let vbox = "{home}/vms/*/*.vbox";
        let rows: [(&str, &[&str], Option<&str>, &str); 17] = [
            ("notes/diary.log", &[], None, "is named by no process"),
            (".ssh/id_ed25519", &[], None, "can hold a secret"),
            (
                ".ssh/id_ed25519",
                &[],
                Some("-serial file:HOME/.ssh/id_ed25519"),
                "can hold a secret",
            ),
            ("vms/web/id_rsa", &[vbox], None, "can hold a secret"),
            ("vms/web/console.log", &[], None, "is named by no process"),
            ("vms/web/console.log", &[vbox], None, "ok"),
            ("vms/web/web.vdi", &[vbox], None, "is named by no process"),
            ("vms/web/key.log", &[vbox], None, "can hold a secret"),
            ("vms/web/diary.log", &[vbox], None, "is named by no process"),
            ("notes/diary.log", &[vbox], None, "is named by no process"),
            ("notes/diary.log", &["{home}/notes/*.conf"], None, "is named by no process"),
            ("notes/diary.log", &["{home}/notes/*.log"], None, "ok"),
            ("notes/out.txt", &[], Some("-serial file:HOME/notes/out.txt"), "ok"),
            (
                "notes/out.txt",
                &[],
                Some("-chardev file,id=c,path=HOME/notes/out.txt,append=on"),
                "ok",
            ),
            ("notes/out.txt", &[], Some("-serial file:out.txt"), "ok"),
            (
                "notes/out.txt",
                &[],
                Some("-drive file=HOME/notes/out.txt"),
                "is named by no process",
            ),
            (
                "notes/out.txt",
                &[],
                Some("--device virtio-serial,logFilePath=HOME/notes/out.txt"),
                "ok",
            ),
        ];
        for (console, files, line, expected) in rows {
            let place = home.to_str().unwrap();
            let read_files = files.iter().map(|path| ReadFile::Path((*path).to_owned())).collect();
            let needs = Needs { read_files, ..Needs::default() };
            let line = line.map(|line| line.replace("HOME", place));
            let process = line.map(|line| {
                (line.split(' ').map(str::to_owned).collect(), Some(home.join("notes")))
            });
            let grant = Grant { needs: &needs, home: Some(&home), process };
            let outcome = grant.check(&format!("{place}/{console}")).err().unwrap_or("ok");
            assert!(outcome.starts_with(expected), "{console} {files:?}: {outcome}");
        }
    }
}
