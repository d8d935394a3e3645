//! A plugin that is a program runs only as what its user has agreed to: manifest and program together.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::{Value, json};
use vmkit_cli_tests::DataDirectory;
use vmkit_contract::place::{ANN, Place, give, mode};

const PREFIX: &str = "usr/local";
const PROGRAM: &str = include_str!("../programs/misbehave.py");

/// A root's installation, ann's home with a program of somebody else, and a VM.
struct World {
    place: Place,
    data: DataDirectory,
}

impl World {
    fn new() -> Option<Self> {
        let place = Place::new()?;
        place.lay_out(PREFIX, (0, 0), &[], &[]);
        let mut data = DataDirectory::new();
        data.add("web");
        data.start("web");
        // QEMU makes it private, but every user must see the VM here.
        mode(&data.path("vms/web/web.pid"), 0o644);
        let world = Self { place, data };
        fs::create_dir_all(world.plugin("")).unwrap();
        world.put("misbehaves", PROGRAM);
        Some(world)
    }

    fn plugin(&self, file: &str) -> PathBuf {
        self.place.path("home/ann/.local/share/vmkit/plugins").join(file)
    }

    /// Writes the plugin.
    fn put(&self, summary: &str, program: &str) {
        let manifest = json!({
            "id": "strangers", "version": "0.1.0", "epoch": 1, "kinds": ["signal"],
            "summary": summary, "modes": ["fast", "full"], "needs": {"read_files": ["{console}"]},
            "program": {
                "file": "strange.py", "interpreter": "/usr/bin/python3", "arguments": ["-I", "-S"],
            },
        });
        fs::write(self.plugin("strange.plugin.json"), manifest.to_string()).unwrap();
        fs::write(self.plugin("strange.py"), program).unwrap();
        give(&self.place.path("home/ann"), (ANN, ANN));
    }

    fn vm(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("setpriv");
        command
            .args([&format!("--reuid={ANN}"), &format!("--regid={ANN}"), "--clear-groups"])
            .env_clear()
            .env("HOME", self.place.path("home/ann"))
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/");
        command.arg(self.place.path(PREFIX).join("bin/vm")).args(arguments).output().unwrap()
    }

    fn document(&self, arguments: &[&str]) -> Value {
        let output = self.vm(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// The plugin in a run on the VM: status and message.
    fn run(&self) -> (String, String) {
        let data = self.data.path("").display().to_string();
        let arguments = ["--timeout", "60", "--data-dir", &data, "status", "--json"];
        let document = self.document(&arguments);
        let plugins = document["plugins"].as_array().unwrap();
        let named = |plugin: &&Value| {
            ["strangers", "strange.plugin.json"].contains(&plugin["id"].as_str().unwrap())
        };
        let plugin = plugins.iter().find(named).unwrap_or_else(|| panic!("{document:#}"));
        let text = |key: &str| plugin[key].as_str().unwrap_or_default().to_owned();
        (text("status"), text("message"))
    }

    fn trust(&self, file: &str) {
        let path = self.plugin(file).display().to_string();
        let output = self.vm(&["plugin", "trust", "--yes", &path]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            said.contains("is the program strange.py, run by /usr/bin/python3 -I -S"),
            "{said}"
        );
    }
}

#[test]
fn a_program_of_others_runs_only_once_it_is_trusted_and_as_it_was_then() {
    let Some(world) = World::new() else { return };
    let (status, message) = world.run();
    assert_eq!(status, "refused");
    assert!(message.contains("did not come with vmkit, and nobody has trusted it"), "{message}");
    // The program stands for its manifest.
    for file in ["strange.py", "strange.plugin.json"] {
        world.trust(file);
        assert_eq!(world.run(), ("ok".to_owned(), String::new()));
        let lock = world.document(&["plugin", "list", "--lock", "--json"]);
        let path = lock["plugins"][0]["path"].as_str().unwrap();
        assert!(path.ends_with("strange.plugin.json"), "{path}");
    }
    let changes = [("misbehaves", PROGRAM.replace("hello", "hallo")), ("behaves", PROGRAM.into())];
    for (summary, program) in changes {
        world.put(summary, &program);
        let (status, message) = world.run();
        assert_eq!(status, "refused", "{summary}: {message}");
        assert!(message.contains("has changed since version 0.1.0"), "{message}");
    }
    world.put("misbehaves", PROGRAM);
    assert_eq!(world.run(), ("ok".to_owned(), String::new()));
    // Somebody else could change the program.
    mode(&world.plugin("strange.py"), 0o777);
    let (status, message) = world.run();
    assert_eq!(status, "refused");
    assert!(message.contains("strange.py has mode 777: others could change it"), "{message}");
}
