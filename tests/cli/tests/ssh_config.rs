//! `vm ssh-config`: OpenSSH reads the entries, and the user's files stay intact.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use vmkit_cli_tests::{DataDirectory, Output, vm};

/// The user nobody, since root's home directory comes from the user database.
const SOMEBODY: u32 = 65534;
const REGISTRY: &str = r#"{"vms":{
    "web":{"name":"web","username":"ubuntu","instance_id":"iid-web-1759"},
    "My_db":{"name":"My_db","username":"-oProxyCommand=x","instance_id":"a b:c"}},"version":"1.0"}"#;

/// A data directory with two stopped VMs.
fn machines() -> DataDirectory {
    let directory = DataDirectory::new();
    for name in ["web", "My_db"] {
        directory.add(name);
    }
    directory.write(".vm-registry.json", REGISTRY);
    directory
}

/// The home directory of a user who is not root.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let owner = (home.path().metadata().unwrap().uid() == 0).then_some(SOMEBODY);
        chown(home.path(), owner, owner).unwrap();
        Self(home)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn text(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap()
    }

    /// Writes a file that belongs to this home's owner.
    fn write(&self, below: &str, text: &str, mode: u32) {
        let path = self.path(below);
        let owner = self.0.path().metadata().unwrap().uid();
        let directory = path.parent().unwrap();
        fs::create_dir_all(directory).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for made in [directory, &path] {
            chown(made, Some(owner), Some(owner)).unwrap();
        }
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("HOME", self.0.path()).env("PATH", "/usr/bin:/bin");
        let owner = self.0.path().metadata().unwrap().uid();
        // Root has to change the user.
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            command.uid(owner).gid(owner);
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        Output {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn vm(&self, directory: &DataDirectory, arguments: &[&str]) -> Output {
        let data = directory.path("");
        let place = ["--manager", "vm-toolkit", "--data-dir", data.to_str().unwrap(), "ssh-config"];
        let output = self.run(&vm(), &[&place, arguments].concat());
        output.assert_harmless();
        output
    }

    /// OpenSSH's settings for a host.
    fn ssh(&self, host: &str) -> Vec<String> {
        let config = self.path(".ssh/config");
        let arguments = ["-F", config.to_str().unwrap(), "-G", host];
        let output = self.run(Path::new("/usr/bin/ssh"), &arguments);
        assert_eq!(output.status, 0, "{output:?}");
        output.stdout.lines().map(str::to_owned).collect()
    }
}

#[track_caller]
fn assert_settings(lines: &[String], expected: &[&str]) {
    for expected in expected {
        assert!(lines.iter().any(|line| line == expected), "{expected:?} is not in {lines:#?}");
    }
}

#[test]
fn openssh_reads_the_entries() {
    let (home, directory) = (Home::new(), machines());
    let output = home.vm(&directory, &[]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    home.write(".ssh/config", &output.stdout, 0o600);
    let data = directory.path("");
    let proxy = |name: &str| {
        let program = fs::canonicalize(vm()).unwrap();
        let (program, data) = (program.display(), data.display());
        format!(
            "proxycommand {program} --quiet --data-dir {data} --manager vm-toolkit ssh-connect {name} %p"
        )
    };
    let expected = ["user ubuntu", "hostkeyalias vmkit-web-iid-web-1759", "checkhostip no"];
    assert_settings(&home.ssh("web"), &expected);
    assert_settings(&home.ssh("web"), &["proxyusefdpass yes", &proxy("web"), "port 22"]);
    // An invalid user name is omitted, and ids contain no characters with a meaning to ssh.
    assert_settings(&home.ssh("My_db"), &["hostkeyalias vmkit-my_db-a_b_c", &proxy("My_db")]);
    let others = home.ssh("example.com");
    assert!(!others.iter().any(|line| line.contains("vmkit")), "{others:#?}");
}

#[test]
fn quotes_any_name_of_the_data_directory() {
    let home = Home::new();
    let odd = home.path("it's a $(touch evil) %h `dir`");
    fs::create_dir_all(odd.join("vms/web")).unwrap();
    fs::write(odd.join("vms/web/web.qcow2"), "disk").unwrap();
    let place = ["--manager", "vm-toolkit", "--data-dir", odd.to_str().unwrap(), "ssh-config"];
    let entries = home.run(&vm(), &place);
    home.write(".ssh/config", &entries.stdout, 0o600);
    let config = home.path(".ssh/config");
    let arguments = ["-F", config.to_str().unwrap(), "-T", "-o", "BatchMode=yes", "web"];
    let output = home.run(Path::new("/usr/bin/ssh"), &arguments);
    assert_eq!(output.status, 255, "{output:?}");
    // The message is vm's, so vm and the VM were found.
    assert!(output.stderr.starts_with("web is stopped; next: vm --data-dir '/"), "{output:?}");
    assert!(!home.path("evil").exists() && !Path::new("evil").exists());
}

#[test]
fn ssh_finds_what_is_installed_and_it_can_be_removed() {
    const OWN: &str = "# mine\nHost *\n    User root\n    ProxyCommand none\n";
    let (home, directory) = (Home::new(), machines());
    home.write(".ssh/config", OWN, 0o640);
    for (word, again) in [("Included it in", false), ("It is already included in", true)] {
        let output = home.vm(&directory, &["--install"]);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{output:?}");
        assert!(output.stdout.contains(word), "{again}: {output:?}");
    }
    assert!(home.text(".ssh/config").ends_with(OWN));
    let mode = |below: &str| home.path(below).metadata().unwrap().mode() & 0o777;
    assert_eq!((mode(".ssh/config"), mode(".ssh/vmkit_config")), (0o640, 0o600));
    // ssh resolves included files in the home directory of the user database.
    let text = home
        .text(".ssh/config")
        .replace("Include ", &format!("Include {}/", home.path(".ssh").display()));
    let installed = home.text(".ssh/config");
    home.write(".ssh/config", &text, 0o640);
    assert_settings(&home.ssh("web"), &["user ubuntu", "proxyusefdpass yes"]);
    assert_settings(&home.ssh("other"), &["user root"]);
    home.write(".ssh/config", &installed, 0o640);

    let output = home.vm(&directory, &["--uninstall"]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{output:?}");
    assert_eq!(home.text(".ssh/config"), OWN);
    assert!(!home.path(".ssh/vmkit_config").exists());
    assert_eq!(home.vm(&directory, &["--uninstall"]).stdout, "Nothing was installed.\n");
}

#[test]
fn makes_a_private_ssh_directory() {
    let (home, directory) = (Home::new(), machines());
    assert_eq!(home.vm(&directory, &["--install"]).status, 0);
    let mode = |below: &str| home.path(below).metadata().unwrap().mode() & 0o777;
    assert_eq!((mode(".ssh"), mode(".ssh/config")), (0o700, 0o600));
}

#[test]
fn keeps_the_users_entries_and_links() {
    let (home, directory) = (Home::new(), machines());
    home.write("dotfiles/ssh", "Host web\n    HostName 10.0.0.1\n", 0o600);
    home.write(".ssh/known_hosts", "", 0o600);
    symlink("../dotfiles/ssh", home.path(".ssh/config")).unwrap();
    let output = home.vm(&directory, &["--install"]);
    let said = "web has no entry: line 1 of your configuration has an entry of its own; it stays \
                yours\n";
    assert_eq!((output.status, output.stderr.as_str()), (0, said), "{output:?}");
    assert!(home.path(".ssh/config").is_symlink());
    assert!(home.text("dotfiles/ssh").contains("Include vmkit_config\n"));
    assert!(!home.text(".ssh/vmkit_config").contains("Host web"));
}

#[test]
fn does_not_change_a_malformed_configuration() {
    let (home, directory) = (Home::new(), machines());
    let broken = "Host a\n# vmkit begin\nInclude x\n";
    home.write(".ssh/config", broken, 0o600);
    for argument in ["--install", "--uninstall"] {
        let output = home.vm(&directory, &[argument]);
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{output:?}");
        assert!(output.stderr.contains("line 2 begins a block of vmkit"), "{output:?}");
        assert_eq!(home.text(".ssh/config"), broken);
        assert!(!home.path(".ssh/vmkit_config").exists());
    }
}
