//! The workspace's dependency edges: who may know whom.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The pure crates decide over values; these crates reach the computer, or wait.
const REACHES_OUT: &[&str] = &[
    "libc",
    "landlock",
    "mio",
    "netlink-sys",
    "nix",
    "pnet_datalink",
    "procfs",
    "rustix",
    "seccompiler",
    "socket2",
    "sysinfo",
    "tokio",
    "vmkit-capture",
    "vmkit-files",
    "vmkit-host",
    "vmkit-inventory",
    "vmkit-platform",
    "vmkit-proxy",
    "vmkit-rights",
    "vmkit-wire",
];

/// The core's crates from the bottom up. A crate knows crates of the layers below its own, and the
/// SDK. Front ends are on top: nothing knows them.
const LAYERS: &[&[&str]] = &[
    &["vmkit-files", "vmkit-model", "vmkit-resolver"],
    &[
        "vmkit-capture",
        "vmkit-dns",
        "vmkit-gateway",
        "vmkit-hosts",
        "vmkit-platform",
        "vmkit-scoring",
        "vmkit-ssh-config",
        "vmkit-state",
        "vmkit-survey",
        "vmkit-wire",
    ],
    &["vmkit-attach", "vmkit-inside", "vmkit-rights", "vmkit-servers"],
    &["vmkit-power", "vmkit-proxy"],
    &["vm-broker", "vm-worker", "vmkit-diagnose", "vmkit-host", "vmkit-inventory"],
    &["vmkit-machines", "vmkit-snapshot"],
    &["vmkit-session"],
    &["vmkit-authoring", "vmkit-doctor"],
    &["vmkit-report"],
    &["vmkit-plugin-commands"],
    &["vmkit-machine-commands"],
    &["vmkit"],
];

/// The workspace with every dependency resolved for the platform of this build.
struct Graph {
    metadata: Metadata,
    /// Package name to the names of its normal dependencies.
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn load() -> Self {
        let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let mut command = MetadataCommand::new();
        command.manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"));
        command.other_options(vec!["--filter-platform".to_owned(), platform]);
        let metadata = command.exec().expect("the workspace's metadata");
        let names: BTreeMap<_, _> =
            metadata.packages.iter().map(|each| (&each.id, each.name.to_string())).collect();
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in &metadata.resolve.as_ref().expect("a resolved graph").nodes {
            let of_node = edges.entry(names[&node.id].clone()).or_default();
            for dependency in &node.deps {
                if dependency.dep_kinds.iter().any(|each| each.kind == DependencyKind::Normal) {
                    of_node.insert(names[&dependency.pkg].clone());
                }
            }
        }
        Self { metadata, edges }
    }

    /// The workspace's packages below a folder of its root.
    fn below(&self, folder: &str) -> Vec<&Package> {
        let folder = self.metadata.workspace_root.join(folder);
        let packages = self.metadata.workspace_packages();
        packages.into_iter().filter(|each| each.manifest_path.starts_with(&folder)).collect()
    }

    fn names_below(&self, folder: &str) -> BTreeSet<String> {
        self.below(folder).into_iter().map(|package| package.name.to_string()).collect()
    }

    /// A path of dependencies from the package to the other, for a message that tells why.
    fn path(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut seen = BTreeSet::new();
        let mut paths = vec![vec![from.to_owned()]];
        while let Some(path) = paths.pop() {
            let last = path.last().expect("a path has a start");
            if last == to {
                return Some(path);
            }
            if seen.insert(last.clone()) {
                let next = self.edges.get(last).into_iter().flatten();
                paths.extend(next.map(|name| [path.clone(), vec![name.clone()]].concat()));
            }
        }
        None
    }

    #[track_caller]
    fn assert_unknown_to(&self, packages: &[&str], others: &[&str], rule: &str) {
        let mut broken = Vec::new();
        for package in packages {
            assert!(self.edges.contains_key(*package), "{package} is not in the workspace");
            let paths = others.iter().filter_map(|other| self.path(package, other));
            broken.extend(paths.map(|path| path.join(" → ")));
        }
        assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
    }
}

fn words(names: &BTreeSet<String>) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

#[test]
fn vm_links_no_loader() {
    let rule = "vm loads nothing itself; vm-worker does";
    Graph::load().assert_unknown_to(&["vmkit"], &["abi_stable", "libloading", "vmkit-abi"], rule);
}

#[test]
fn the_sdk_is_the_bottom() {
    let graph = Graph::load();
    let above: BTreeSet<_> =
        ["core", "plugins", "tests"].iter().flat_map(|folder| graph.names_below(folder)).collect();
    let sdk = graph.names_below("sdk");
    graph.assert_unknown_to(&words(&sdk), &words(&above), "sdk sees nothing else of the workspace");
}

#[test]
fn plugins_never_see_the_core() {
    let graph = Graph::load();
    let (plugins, core) = (graph.names_below("plugins"), graph.names_below("core"));
    let rule = "a plugin sees the SDK alone, as one from outside does";
    graph.assert_unknown_to(&words(&plugins), &words(&core), rule);
}

#[test]
fn core_crates_know_only_lower_layers() {
    let graph = Graph::load();
    let core = graph.names_below("core");
    let layer = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    let mut broken = Vec::new();
    for name in &core {
        let own = layer(name).unwrap_or_else(|| panic!("{name} has no layer"));
        let known = graph.edges[name].iter().filter(|known| core.contains(*known));
        let upward = known.filter(|known| layer(known).is_none_or(|layer| layer >= own));
        broken.extend(upward.map(|known| format!("{name} → {known}")));
    }
    assert!(broken.is_empty(), "a crate knows the layers below its own:\n{}", broken.join("\n"));
}

#[test]
fn only_the_abi_crate_names_abi_stable() {
    let graph = Graph::load();
    let users = graph.edges.iter().filter(|(name, dependencies)| {
        dependencies.contains("abi_stable") && !name.starts_with("abi_stable")
    });
    let users: Vec<_> = users.map(|(name, _)| name.as_str()).collect();
    assert_eq!(users, ["vmkit-abi"], "one crate alone names the binary interface's library");
}

#[test]
fn deciding_does_not_reach_out() {
    let graph = Graph::load();
    let rule = "these crates decide over values: no I/O, no clock, no waiting";
    let pure = [
        "vmkit-types",
        "vmkit-formats",
        "vmkit-qemu",
        "vmkit-model",
        "vmkit-attach",
        "vmkit-inside",
        "vmkit-scoring",
        "vmkit-servers",
        "vmkit-survey",
    ];
    graph.assert_unknown_to(&pure, REACHES_OUT, rule);
    // The parser of DHCP messages can also make random transaction ids, which is not used.
    let with_dhcp = ["vmkit-dhcp", "vmkit-diagnose", "vmkit-report"];
    let beside: Vec<&str> = REACHES_OUT.iter().copied().filter(|name| *name != "libc").collect();
    graph.assert_unknown_to(&with_dhcp, &beside, rule);
}
