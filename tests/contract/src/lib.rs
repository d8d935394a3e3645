//! Runs the real host and worker on installed trees with chosen plugins.

#![forbid(unsafe_code)]

mod conformance;
mod inventories;
mod misbehaviour;
mod observed;
pub mod place;
pub mod variant;

use std::{
    collections::HashMap,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

pub use inventories::{OWN_NEEDS_OF_MISINVENTORY, processes};
pub use misbehaviour::{MisbehaviourRow, assert_misbehaviours};
pub use observed::Observed;
use vmkit_files::Directory;
use vmkit_host::{
    Addresses, Advised, Consent, Installation, Pins, Purpose, Run, RunSettings, Snapshot, Target,
    advise, examine, find, gateway_pages,
};
use vmkit_model::{MachineId, Mode};
use vmkit_rights::Broker;
use vmkit_state::{PluginLock, TrustedPlugin};
use vmkit_types::{Fact, HostNetwork, Subject};
use vmkit_wire::Account;

/// Deadline for loading and for the call of a plugin that ends, enough on a busy computer.
const GENEROUS: Duration = Duration::from_mins(1);
/// Deadline of a plugin that hangs, which its test waits for. Its reports before take less than a
/// millisecond.
const HANGING: Duration = Duration::from_secs(4);

/// An installed tree for one test, removed on drop.
pub struct Tree {
    root: PathBuf,
    call_deadline: Duration,
    /// What its user has agreed to, and what has failed.
    pub consent: Consent,
    /// Whether the pins of the files are those of the first run, and not renewed before each.
    pub keeps_pins: bool,
}

impl Tree {
    /// A tree with the worker and the plugins of these crates.
    ///
    /// # Panics
    /// Something is not built; `cargo xtask test` builds everything first.
    pub fn with(plugins: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = own_place().join(format!("{}-{number}", std::process::id()));
        let consent = Consent::default();
        let tree = Self { root, call_deadline: GENEROUS, consent, keeps_pins: false };
        fs::create_dir_all(tree.plugins()).expect("make the tree");
        fs::create_dir(tree.root.join("bin")).expect("make the tree");
        // The program is never run, but its owner decides which plugins are trusted.
        fs::write(tree.program(), "").expect("write a program");
        place(&built("vm-worker"), &tree.root.join("lib/vmkit/vm-worker"));
        for plugin in plugins {
            let file = format!("lib{}.so", plugin.replace('-', "_"));
            tree.add(&built(&file), &file);
        }
        tree
    }

    /// Shortens the deadline, for plugins that hang.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        self.call_deadline = HANGING;
        self
    }

    /// Copies a library into the plugin directory.
    pub fn add(&self, library: &Path, name: &str) -> PathBuf {
        let to = self.plugins().join(name);
        place(library, &to);
        to
    }

    /// Adds a plugin that is a program: its manifest, and the file that the manifest names.
    ///
    /// # Panics
    /// The directory cannot be written to.
    pub fn add_program(&self, manifest: &serde_json::Value, text: &str) -> PathBuf {
        let plugins = self.plugins();
        let place =
            plugins.join(format!("{}.plugin.json", manifest["id"].as_str().expect("an id")));
        fs::write(&place, manifest.to_string()).expect("write a manifest");
        let file = manifest["program"]["file"].as_str().expect("a program");
        fs::write(plugins.join(file), text).expect("write a program");
        place
    }

    /// Replaces the needs of the misbehaving plugin, which is in this tree. They take its own's place in
    /// the file, so they are no longer.
    ///
    /// # Panics
    /// They are longer, or the plugin's own are not in the file once.
    pub fn declare(&self, needs: &str) {
        let own = r#"{"read_files": ["{console}"]}"#;
        self.declare_in("libcontract_misbehave.so", own, needs);
    }

    /// Replaces the needs of this library, which are `own`.
    ///
    /// # Panics
    /// They are longer, or the plugin's own are not in the file once.
    pub fn declare_in(&self, library: &str, own: &str, needs: &str) {
        let own = own.as_bytes();
        let library = self.plugins().join(library);
        let mut bytes = fs::read(&library).expect("read the plugin");
        let places: Vec<usize> =
            (0..bytes.len() - own.len()).filter(|place| bytes[*place..].starts_with(own)).collect();
        let [place] = places[..] else { panic!("its needs are at {places:?}") };
        let padded = format!("{needs:width$}", width = own.len());
        assert_eq!(padded.len(), own.len(), "{needs}");
        bytes[place..place + own.len()].copy_from_slice(padded.as_bytes());
        fs::write(&library, bytes).expect("write the plugin");
    }

    /// Replaces the worker.
    pub fn replace_worker(&self, worker: &Path) {
        place(worker, &self.root.join("lib/vmkit/vm-worker"));
    }

    fn program(&self) -> PathBuf {
        self.root.join("bin/vm")
    }

    /// The plugin directory.
    pub fn plugins(&self) -> PathBuf {
        self.root.join("lib/vmkit/plugins")
    }

    /// The root of the tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes down what the worker and the plugins hold, as installing does.
    fn pin(&self) {
        let library = self.root.join("lib/vmkit");
        let readable = |name: &String| library.join(name).is_file();
        let plugins = fs::read_dir(self.plugins()).expect("list the plugins");
        let plugins = plugins.map(|entry| entry.expect("an entry").file_name());
        let plugins = plugins.map(|name| format!("plugins/{}", name.to_string_lossy()));
        let names: Vec<String> = plugins.chain(["vm-worker".to_owned()]).filter(readable).collect();
        let pins = Pins::of_files(&library, &names).expect("hash the tree");
        fs::write(library.join(Pins::FILE), pins.to_text()).expect("write the pins");
    }

    /// The tree as an installation.
    fn installation(&self) -> Installation {
        if !self.keeps_pins {
            self.pin();
        }
        let nobody = Account { uid: 65534, gid: 65534 };
        let root = runs_as_root();
        Installation {
            program: self.program().canonicalize().expect("the program is there"),
            library: self.root.join("lib/vmkit"),
            user: owner_of(&self.root),
            privileged: root,
            account: root.then_some(nobody),
        }
    }

    /// Runs all plugins of the tree on these VMs with these configurations.
    pub fn run(&self, targets: Vec<Target>, configurations: &[(&str, &str)]) -> Observed {
        let mut run = self.start(configurations);
        run.discover(targets, None);
        Observed::of(run)
    }

    /// Runs all plugins of the tree on these VMs. `change` is called after the plugins were vetted and
    /// before workers start.
    pub fn run_changed_after_vetting(
        &self,
        targets: Vec<Target>,
        change: impl FnOnce(),
    ) -> Observed {
        let installation = self.installation();
        let found = find(&[self.plugins()], &installation, &self.consent);
        change();
        let mut run = Run::start(found, &installation, self.settings(&[]));
        run.discover(targets, None);
        Observed::of(run)
    }

    /// Runs all plugins of the tree on this VM's candidates in this network.
    pub fn confirm(&self, of: Target, candidates: Vec<IpAddr>, network: &HostNetwork) -> Observed {
        let mut run = self.start(&[]);
        let addresses = Addresses::from([(of.id.clone(), candidates)]);
        run.discover(vec![of], Some(network));
        run.confirm(Purpose::Reach, &addresses);
        Observed::of(run)
    }

    /// Records what this plugin sees of these VMs into a new directory. It lies outside of the tree, as a
    /// plugin of others does.
    ///
    /// # Panics
    /// The directories cannot be made.
    pub fn record_outside(
        &self,
        plugin: &str,
        targets: Vec<Target>,
        how: &str,
    ) -> (Observed, PathBuf) {
        let (outside, record) = (self.root.join("outside"), self.root.join("record"));
        let file = format!("lib{}.so", plugin.replace('-', "_"));
        for directory in [&outside, &record] {
            fs::create_dir(directory).expect("make a directory");
        }
        place(&built(&file), &outside.join(&file));
        let installation = self.installation();
        let directory = Directory::open(&record).expect("open a directory");
        let settings = RunSettings {
            snapshot: Snapshot::Recording { directory },
            ..self.settings(&[("misbehave", how)])
        };
        let consent = trusting(&outside.join(&file), false, &installation);
        let mut run =
            Run::start(find(&[outside], &installation, &consent), &installation, settings);
        run.discover(targets, None);
        (Observed::of(run), record)
    }

    /// Runs a plugin of others, which lies in a directory of its own. `trusted`: what its user has agreed
    /// to, if to anything, and whether also where nothing confines its files. `change` gets its path
    /// after it was vetted and before its worker starts.
    ///
    /// # Panics
    /// The directory cannot be made.
    pub fn run_outside(
        &self,
        plugin: &str,
        trusted: Option<bool>,
        change: impl FnOnce(&Path),
    ) -> Observed {
        let outside = self.root.join("outside");
        let library = outside.join(format!("lib{}.so", plugin.replace('-', "_")));
        fs::create_dir_all(&outside).expect("make a directory");
        place(&built(&format!("lib{}.so", plugin.replace('-', "_"))), &library);
        let installation = self.installation();
        let consent = trusted.map(|unconfined| trusting(&library, unconfined, &installation));
        let found = find(&[outside], &installation, &consent.unwrap_or_default());
        change(&library);
        let mut run = Run::start(found, &installation, self.settings(&[]));
        run.discover(vec![machine("web")], None);
        Observed::of(run)
    }

    /// Runs all advice plugins of the tree on these facts.
    pub fn advise(&self, facts: &[Fact], configurations: &[(&str, &str)]) -> Advised {
        let installation = self.installation();
        let found = find(&[self.plugins()], &installation, &self.consent);
        let settings = self.settings(configurations);
        advise(&found, &installation, &settings, facts, SystemTime::UNIX_EPOCH)
    }

    /// The pages of the gateway that the tree's plugins declare, each with the plugin's id.
    pub fn gateway_pages(&self) -> Vec<(String, String)> {
        let found = find(&[self.plugins()], &self.installation(), &self.consent);
        let pages = gateway_pages(&found).into_iter();
        pages.map(|(plugin, page)| (plugin, page.path)).collect()
    }

    /// Starts a run of all plugins of the tree.
    pub fn start(&self, configurations: &[(&str, &str)]) -> Run {
        let installation = self.installation();
        let found = find(&[self.plugins()], &installation, &self.consent);
        Run::start(found, &installation, self.settings(configurations))
    }

    fn settings(&self, configurations: &[(&str, &str)]) -> RunSettings {
        RunSettings {
            mode: Mode::Full,
            call_deadline: self.call_deadline,
            log_level: 5,
            configurations: configurations
                .iter()
                .map(|(id, text)| ((*id).to_owned(), (*text).to_owned()))
                .collect::<HashMap<_, _>>(),
            home: None,
            broker: Broker::new(vmkit_rights::Account { uid: 0, gid: 0 }, || {
                Ok(Command::new(built("vm-broker")))
            }),
            snapshot: Snapshot::None,
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // Leftovers in the build directory are harmless.
        fs::remove_dir_all(&self.root).ok();
    }
}

/// The consent of a user who trusts this library.
fn trusting(library: &Path, unconfined: bool, installation: &Installation) -> Consent {
    let plugin = examine(library, installation).expect("a plugin that nobody can change");
    let mut lock = PluginLock::default();
    lock.trust(TrustedPlugin {
        id: plugin.manifest.id.clone(),
        version: plugin.manifest.version.clone(),
        sha256: plugin.sha256,
        needs: plugin.manifest.agreed_needs(),
        unconfined,
        limit: None,
        path: library.to_owned(),
        trusted_at: SystemTime::UNIX_EPOCH,
    });
    Consent { locks: vec![lock], ..Consent::default() }
}

/// A VM without a console.
pub fn machine(name: &str) -> Target {
    let subject = Subject { name: name.to_owned(), ..Subject::default() };
    Target { id: MachineId::new(name), subject, console: None, guest_agent: None, process: None }
}

/// Where trees are made: beside the staged one, since nobody else can change what lies there.
fn own_place() -> PathBuf {
    let vm = vmkit_cli_tests::vm();
    vm.ancestors().nth(3).expect("it lies in a staged tree").join("contract")
}

/// The build directory.
fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target")
}

/// A file of the build.
///
/// # Panics
/// It is not built; `cargo xtask test` builds everything first.
pub fn built(file: &str) -> PathBuf {
    let path = target().join("debug").join(file);
    assert!(
        path.exists(),
        "{} is not built; run the tests with `cargo xtask test`",
        path.display()
    );
    path
}

/// Copies a program or a library in a process of its own. A thread of this one that forks meanwhile
/// would hold the copy open for writing, and such a program cannot be started.
fn place(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("--").arg(from).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "copy {}", from.display());
}

fn owner_of(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).map(|status| status.uid()).expect("look at the tree")
}

/// Whether the tests run as root.
pub fn runs_as_root() -> bool {
    owner_of(Path::new("/proc/self")) == 0
}
