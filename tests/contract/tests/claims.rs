//! Evidence of a plugin's own kinds, from its manifest to the report, and in a replay.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{fs, path::PathBuf, process::Command};

use serde_json::{Value, json};
use vmkit_cli_tests::DataDirectory;
use vmkit_contract::{
    Tree, machine,
    place::{ANN, Place, give, mode},
};

const PREFIX: &str = "usr/local";
const LIBRARY: &str = "home/ann/.local/share/vmkit/plugins/libcontract_claimant.so";

#[test]
fn a_plugin_reports_by_the_kinds_that_its_manifest_declares() {
    let rows = [
        ("claimant.address", ("ok", ""), 1),
        ("tomorrow", ("ok", ""), 1),
        ("claimant.name", ("error", "claimant.name, which its manifest does not declare"), 0),
        ("misbehave.address", ("error", "misbehave.address, which its manifest does not"), 0),
        ("arp-reply", ("error", "arp-reply, which it cannot know without `arp`"), 0),
        ("x.\u{1b}[2J", ("error", "x.\\x1b[2J, which its manifest does not declare"), 0),
    ];
    for (kind, (status, message), kept) in rows {
        let tree = Tree::with(&["contract-claimant"]);
        let configuration = json!({ "kind": kind }).to_string();
        let ran = tree.run(vec![machine("web")], &[("claimant", &configuration)]);
        let outcome = ran.outcome("claimant");
        assert!(outcome.0 == status && outcome.1.contains(message), "{kind}: {outcome:?}");
        assert_eq!(ran.evidence.len(), kept, "{kind}");
    }
}

/// A root's installation, and ann's home with the plugin and a VM.
struct World {
    place: Place,
    data: DataDirectory,
}

impl World {
    fn new() -> Option<Self> {
        let place = Place::new()?;
        place.lay_out(PREFIX, (0, 0), &[], &[]);
        let plugins = place.path(PREFIX).join("lib/vmkit/plugins");
        fs::remove_file(plugins.join("libcontract_misbehave.so")).unwrap();
        let library = place.path(LIBRARY);
        fs::create_dir_all(library.parent().unwrap()).unwrap();
        fs::copy(vmkit_contract::built("libcontract_claimant.so"), &library).unwrap();
        give(&place.path("home/ann"), (ANN, ANN));
        let mut data = DataDirectory::new();
        data.add("web");
        data.start("web");
        // QEMU makes it private, but every user must see the VM here.
        mode(&data.path("vms/web/web.pid"), 0o644);
        Some(Self { place, data })
    }

    /// Runs ann's `vm`; what it prints.
    fn vm(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("setpriv");
        command
            .args([&format!("--reuid={ANN}"), &format!("--regid={ANN}"), "--clear-groups"])
            .env_clear()
            .env("HOME", self.place.path("home/ann"))
            .current_dir("/")
            .arg(self.place.path(PREFIX).join("bin/vm"))
            .args(["--timeout", "60", "--data-dir"])
            .arg(self.data.path(""));
        let output = command.args(arguments).output().unwrap();
        let said = [output.stdout.as_slice(), &output.stderr].concat();
        String::from_utf8_lossy(if output.stdout.is_empty() { &said } else { &output.stdout })
            .into_owned()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.vm(arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    fn library(&self) -> PathBuf {
        self.place.path(LIBRARY)
    }

    fn trust(&self, options: &[&str]) -> String {
        let library = self.library().display().to_string();
        self.vm(&[&["plugin", "trust", "--yes"], options, &[&library]].concat())
    }

    /// The verdict on the VM, and the plugin's entry in the ledger of its address.
    fn status(&self, options: &[&str]) -> (String, Value) {
        let document = self.json(&[&["status", "--json"], options].concat());
        let vm = &document["vms"][0];
        let verdict = vm["verdict"].as_str().unwrap().to_owned();
        (verdict, vm["candidates"][0]["evidence"][0].clone())
    }
}

#[test]
fn a_claim_is_shown_as_the_plugins_own_and_counts_as_its_user_says() {
    let Some(world) = World::new() else { return };
    // The options of the agreement; the factor that is shown; the weight of the claim.
    let rows: [(&[&str], Value, f64); 4] = [
        (&[], Value::Null, 2.0),
        (&["--weight", "50"], json!(50), 3.91),
        (&["--weight", "full"], json!(1000), 4.61),
        (&["--weight", "1"], json!(1), 0.0),
    ];
    for (options, factor, weight) in rows {
        let shown = world.trust(options);
        assert!(shown.contains("claimant.address: a registry has this address"), "{shown}");
        let times = factor.as_u64().map_or("7.4".to_owned(), |factor| factor.to_string());
        assert!(shown.contains(&format!("of an address at most {times} times")), "{shown}");
        let lock = world.json(&["plugin", "list", "--lock", "--json"]);
        assert_eq!(lock["plugins"][0]["weight"], factor, "{lock:#}");
        let info = world.json(&["plugin", "info", "--json", "claimant"]);
        assert_eq!(info["plugins"][0]["weight"], factor, "{info:#}");
        let (verdict, entry) = world.status(&[]);
        let expected = if weight > 0.0 { "probable" } else { "no-address" };
        assert_eq!(verdict, expected, "{options:?}");
        assert_eq!(entry["own_claim"], true, "{entry}");
        assert_eq!(entry["weight"], json!(weight), "{options:?}");
    }
    let refused = world.trust(&["--weight", "1001"]);
    assert!(refused.contains("a whole number from 1 to 1000"), "{refused}");
    let explained = world.vm(&["status", "--explain"]);
    assert!(explained.contains("claimant: the registry has it (its own claim)"), "{explained}");
}

#[test]
fn a_replay_weighs_claims_as_they_were_weighed_when_they_were_saved() {
    let Some(world) = World::new() else { return };
    world.trust(&["--weight", "50"]);
    let saved = world.place.path("home/ann/saved").display().to_string();
    world.vm(&["snapshot", "save", &saved]);
    let live = world.status(&[]);
    for options in [&[][..], &["--weight", "1"], &["--weight", "full"]] {
        world.trust(options);
        let replayed = world.status(&["--from", &saved]);
        assert_eq!(
            (&replayed.0, &replayed.1["weight"]),
            (&live.0, &live.1["weight"]),
            "{options:?}"
        );
    }
}
