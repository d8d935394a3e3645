//! `vm doctor --open`: the page in a private file, shown by the user's browser.

use std::{
    env, io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use anyhow::Context as _;
use vmkit_session::{Settings, state_folder};
use vmkit_types::escaped;

use crate::output;

/// The page's file in the state folder. Each run replaces it.
const PAGE: &str = "doctor.html";
/// What opens a file with the user's programs.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
/// An opener that fails does so within this time. One that becomes the browser itself runs for as long
/// as the person reads.
const PATIENCE: Duration = Duration::from_secs(3);

/// Writes the page and opens it, or says why it is not opened.
pub(super) fn open(page: &[u8], settings: &Settings) -> anyhow::Result<()> {
    let folder = state_folder(settings).context("cannot write the page: no home directory")?;
    folder.replace(PAGE, page)?;
    let file = folder.path().join(PAGE);
    let shown = escaped(&file.to_string_lossy());
    let variable = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let invoker = &settings.invoker;
    // Under sudo the environment has root's home.
    let home = invoker.home.as_ref().known().filter(|_| invoker.via_sudo);
    let done = match obstacle(invoker.uid, variable) {
        Some(why) => Err(why.to_owned()),
        None => start(OPENER, &file, home.map(PathBuf::as_path)),
    };
    output::note(&match done {
        Ok(()) => format!("opened {shown}\n"),
        Err(why) => format!("the page is {shown}\n  not opened: {why}\n"),
    });
    Ok(())
}

/// Why no browser can be started from here.
fn obstacle(uid: u32, is_set: impl Fn(&str) -> bool) -> Option<&'static str> {
    if uid == 0 {
        // A browser must not have root's rights over what the network sends.
        return Some("no browser is started as root");
    }
    if is_set("SSH_CONNECTION") || is_set("SSH_TTY") {
        return Some("this is an SSH session; copy the file to where your browser is");
    }
    let has_display = cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    (!has_display).then_some("there is no display here")
}

/// Starts the opener and waits until it has succeeded, failed, or taken longer than a failure takes.
fn start(opener: &str, file: &Path, home: Option<&Path>) -> Result<(), String> {
    let mut command = Command::new(opener);
    command.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Ctrl-C ends this program and not the browser.
    command.process_group(0);
    if let Some(home) = home {
        command.env("HOME", home);
    }
    let failed = |error: io::Error| format!("{opener}: {error}");
    let mut child = command.spawn().map_err(failed)?;
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(child.wait()));
    match receiver.recv_timeout(PATIENCE) {
        Ok(ended) => succeeded(ended).map_err(failed),
        Err(_) => Ok(()),
    }
}

fn succeeded(ended: io::Result<ExitStatus>) -> io::Result<()> {
    let status = ended?;
    if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_started_only_by_a_user_at_a_display() {
        let here = if cfg!(target_os = "macos") { "" } else { "there is no display here" };
        let rows: [(u32, &[&str], &str); 6] = [
            (1000, &["DISPLAY"], ""),
            (1000, &["WAYLAND_DISPLAY"], ""),
            (1000, &[], here),
            (0, &["DISPLAY"], "no browser is started as root"),
            (1000, &["DISPLAY", "SSH_CONNECTION"], "this is an SSH session"),
            (1000, &["WAYLAND_DISPLAY", "SSH_TTY"], "this is an SSH session"),
        ];
        for (uid, set, expected) in rows {
            let found = obstacle(uid, |name| set.contains(&name));
            let found = found.unwrap_or_default();
            assert!(found.starts_with(expected), "{uid} {set:?}: {found}");
            assert_eq!(found.is_empty(), expected.is_empty(), "{uid} {set:?}: {found}");
        }
    }

    #[test]
    fn an_opener_that_fails_is_named() {
        let start = |opener: &str| start(opener, Path::new("/nonexistent"), None);
        assert_eq!(start("true"), Ok(()));
        assert_eq!(start("false"), Err("false: exit status: 1".to_owned()));
        assert!(start("/nonexistent/opener").is_err_and(|why| why.contains("No such file")));
    }
}
