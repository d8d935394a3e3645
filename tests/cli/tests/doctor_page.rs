//! `vm doctor --open`: where the page is, and who starts the browser.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use vmkit_cli_tests::{Output, copy_for_everybody, vm};

/// The user nobody.
const SOMEBODY: u32 = 65534;

/// A home of [`SOMEBODY`] with an `xdg-open` that writes who started it, and for which file.
struct Home {
    folder: tempfile::TempDir,
    snapshot: tempfile::TempDir,
}

impl Home {
    fn new(exit: i32) -> Self {
        let folder = tempfile::Builder::new().prefix("vmkit-page-").tempdir().expect("a folder");
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/router-drops");
        let opener = folder.path().join("xdg-open");
        let script = "#!/bin/sh\necho \"$(id -u) $1\" > \"$(dirname \"$0\")/opened\"\n";
        fs::write(&opener, format!("{script}exit {exit}\n")).expect("an opener");
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).expect("a program");
        fs::write(folder.path().join("config.toml"), "state_dir = \"/nonexistent\"\n")
            .expect("write");
        let own = Command::new("chown").args(["-R", "65534:65534"]).arg(folder.path()).status();
        assert!(own.is_ok_and(|status| status.success()), "these tests run as root");
        Self { folder, snapshot: copy_for_everybody(&data) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn doctor(&self, as_root: bool, environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(if as_root { "env" } else { "setpriv" });
        if as_root {
            // Root's home comes from the user database.
            let config = format!("state_dir = \"{}\"\n", self.path(".local/state/vmkit").display());
            fs::write(self.path("config.toml"), config).expect("write");
            fs::create_dir_all(self.path(".local/state")).expect("a folder");
        } else {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        }
        command.arg(vm());
        if as_root {
            command.arg("--config").arg(self.path("config.toml"));
        }
        command.args(["doctor", "--open", "--from"]).arg(self.snapshot.path());
        let path = format!("{}:/usr/bin:/bin", self.folder.path().display());
        command.env_clear().env("PATH", path).env("HOME", self.folder.path());
        command.envs(environment.iter().copied()).stdin(Stdio::null());
        let output = command.output().expect("start vm");
        let text = |bytes| String::from_utf8(bytes).expect("vm prints UTF-8");
        Output {
            status: output.status.code().expect("vm exits"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// Root or not, the environment, the exit status of the opener, and what is said.
type Row<'a> = (bool, &'a [(&'a str, &'a str)], i32, &'a str);

#[test]
fn the_page_is_private_and_a_browser_is_never_started_as_root() {
    const DISPLAY: (&str, &str) = ("DISPLAY", ":99");
    let rows: [Row<'_>; 5] = [
        (false, &[DISPLAY], 0, "opened "),
        (false, &[DISPLAY], 3, "not opened: xdg-open: exit status: 3"),
        (false, &[], 0, "not opened: there is no display here"),
        (false, &[DISPLAY, ("SSH_CONNECTION", "::1 1 ::1 22")], 0, "not opened: this is an SSH"),
        (true, &[DISPLAY], 0, "not opened: no browser is started as root"),
    ];
    for (as_root, environment, exit, expected) in rows {
        let home = Home::new(exit);
        let output = home.doctor(as_root, environment);
        let page = home.path(".local/state/vmkit/doctor.html");
        assert!(output.stderr.contains(expected), "{expected}: {output:?}");
        assert!(output.stderr.contains(&*page.to_string_lossy()), "{output:?}");
        // The diagnosis itself is the same as without the page.
        assert_eq!(output.status, 1, "{output:?}");
        assert!(output.stdout.contains("router-drops-foreign-chaddr"), "{output:?}");
        let text = fs::read_to_string(&page).expect("the page");
        assert!(text.starts_with("<!DOCTYPE html>") && text.contains("The router drops"), "{text}");
        let status = page.metadata().expect("the page");
        let owner = if as_root { 0 } else { SOMEBODY };
        assert_eq!((status.mode() & 0o777, status.uid()), (0o600, owner), "{expected}");
        let opened = fs::read_to_string(home.path("opened")).ok();
        let started = environment == [DISPLAY] && !as_root;
        let by_user = format!("{SOMEBODY} {}\n", page.display());
        assert_eq!(opened, started.then_some(by_user), "{expected}");
    }
}
