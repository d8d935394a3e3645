//! A headless Chromium with a profile of its own.

use std::{
    env, io,
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
};

use command_fds::{CommandFdExt as _, FdMapping};
use serde_json::json;
use tempfile::TempDir;
use vmkit_lab::BROWSER_REQUIREMENTS;

use crate::devtools::DevTools;

/// The descriptor at which Chromium reads commands.
const COMMANDS: i32 = 3;
/// The descriptor at which it writes replies.
const REPLIES: i32 = 4;

/// A running browser, which ends with this value.
pub struct Browser {
    child: Child,
    pub(crate) devtools: DevTools,
    _profile: TempDir,
}

impl Browser {
    /// Starts the browser. Where it is not installed, prints that the test is skipped.
    ///
    /// # Panics
    /// It does not start; it is not installed and `CI` is set.
    pub fn or_skip() -> Option<Self> {
        let missing = BROWSER_REQUIREMENTS.iter().filter(|requirement| !requirement.is_met());
        let missing: Vec<&str> = missing.map(|requirement| requirement.debian).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            assert!(env::var_os("CI").is_none(), "the browser's tests need {missing}");
            skipped(&missing);
            return None;
        }
        Some(Self::start().expect("start Chromium"))
    }

    fn start() -> io::Result<Self> {
        let profile = tempfile::Builder::new().prefix("vmkit-browser-").tempdir()?;
        let (its_commands, commands) = io::pipe()?;
        let (replies, its_replies) = io::pipe()?;
        let mut command = Command::new("chromium");
        command
            .args(["--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update"])
            .args(["--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"])
            // A name that a page looks up would be seen as a request, and goes nowhere.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Chromium's own sandbox cannot be set up by root.
        if rustix::process::geteuid().is_root() {
            command.arg("--no-sandbox");
        }
        let mapping = |parent_fd: OwnedFd, child_fd| FdMapping { parent_fd, child_fd };
        let mappings =
            vec![mapping(its_commands.into(), COMMANDS), mapping(its_replies.into(), REPLIES)];
        let child = command.fd_mappings(mappings).map_err(io::Error::other)?.spawn()?;
        drop(command);
        Ok(Self { child, devtools: DevTools::new(commands, replies), _profile: profile })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It also ends by itself when its pipe is closed.
        self.devtools.call(None, "Browser.close", &json!({})).ok();
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[expect(clippy::print_stdout, reason = "a test that does not run must not look like one that did")]
fn skipped(what: &str) {
    println!("\n!!! SKIPPED: the browser's tests need Debian's {what}\n");
}
