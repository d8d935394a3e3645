//! Trusted plugins and the users of their workers, for each layout in docs/security.md.
#![cfg(target_os = "linux")]

use vmkit_cli_tests::DataDirectory;
use vmkit_contract::place::{ANN, As, BEN, EVE, Link, Owned, Place, STAFF, mode};

/// A layout: its name in the documentation, prefix, owner, exceptions, links, the user who runs `vm`,
/// and the worker's user (`None`: the plugins are refused).
struct Layout {
    name: &'static str,
    prefix: &'static str,
    owner: (u32, u32),
    but: &'static [Owned],
    links: &'static [Link],
    by: As,
    worker: Option<u32>,
}

const fn row(
    name: &'static str,
    prefix: &'static str,
    owner: (u32, u32),
    but: &'static [Owned],
    by: As,
    worker: Option<u32>,
) -> Layout {
    Layout { name, prefix, owner, but, links: &[], by, worker }
}

/// A tree of root's below `srv/team`, with links in a directory that a group can write.
const fn linked(
    name: &'static str,
    but: &'static [Owned],
    links: &'static [Link],
    worker: Option<u32>,
) -> Layout {
    Layout { links, ..row(name, "srv/team", ROOT, but, As::Sudo(ANN), worker) }
}

const ROOT: (u32, u32) = (0, 0);
const OF_ANN: (u32, u32) = (ANN, ANN);
const NOBODY: u32 = 65534;
const ANN_S: As = As::User(ANN);

const HOMEBREW: &[Owned] = &[
    ("opt/homebrew", ANN, STAFF, 0o775),
    ("opt/homebrew/bin", ANN, STAFF, 0o775),
    ("opt/homebrew/lib", ANN, STAFF, 0o775),
    ("opt/homebrew/lib/vmkit", ANN, STAFF, 0o775),
];
const STICKY: &[Owned] = &[("tmp", 0, 0, 0o1777)];
const OPEN: &[Owned] = &[("open", 0, 0, 0o777)];
const GROUP_LIB: &[Owned] = &[("srv/team/lib", 0, STAFF, 0o775)];
const GROUP_ALL: &[Owned] = &[("srv/team", 0, STAFF, 0o775), ("srv/team/lib", 0, STAFF, 0o775)];
const EVES_PLUGINS: &[Owned] = &[("usr/local/lib/vmkit/plugins", EVE, EVE, 0o755)];
const OPEN_WORKER: &[Owned] = &[("usr/local/lib/vmkit/vm-worker", 0, 0, 0o777)];

const GROUP_VMKIT: &[Owned] = &[("srv/team/lib/vmkit", 0, STAFF, 0o775)];
const VMKIT_LINK: &[Link] = &[("srv/team/lib/vmkit", "srv/store/vmkit")];
const WORKER_LINK: &[Link] = &[("srv/team/lib/vmkit/vm-worker", "srv/store/vm-worker")];
const BOTH_LINKS: &[Link] = &[
    ("srv/team/lib/vmkit/vm-worker", "srv/store/vm-worker"),
    ("srv/team/lib/vmkit/plugins", "srv/store/plugins"),
    ("srv/team/lib/vmkit/pins.json", "srv/store/pins.json"),
];
const OPEN_STORE: &[Owned] = &[("srv/team/lib", 0, STAFF, 0o775), ("srv/store", 0, STAFF, 0o775)];

const LAYOUTS: &[Layout] = &[
    row("`/usr/local`, root's", "usr/local", ROOT, &[], ANN_S, Some(ANN)),
    row("`/usr/local`, root's", "usr/local", ROOT, &[], As::Sudo(ANN), Some(ANN)),
    row("`/usr/local`, root's", "usr/local", ROOT, &[], As::Root, Some(NOBODY)),
    row("`/opt`, root's", "opt/vmkit", ROOT, &[], ANN_S, Some(ANN)),
    row("`/opt`, root's", "opt/vmkit", ROOT, &[], As::Sudo(ANN), Some(ANN)),
    row(
        "root's home, mode 0700",
        "root/vmkit",
        ROOT,
        &[("root", 0, 0, 0o700)],
        As::Root,
        Some(NOBODY),
    ),
    row("`~/.local` of ann", "home/ann/.local", OF_ANN, &[], ANN_S, Some(ANN)),
    row("`~/.local` of ann", "home/ann/.local", OF_ANN, &[], As::Sudo(ANN), Some(ANN)),
    row("`~/.local` of ann", "home/ann/.local", OF_ANN, &[], As::Root, Some(ANN)),
    row("Homebrew of ann", "opt/homebrew", (ANN, STAFF), HOMEBREW, ANN_S, Some(ANN)),
    row("Homebrew of ann", "opt/homebrew", (ANN, STAFF), HOMEBREW, As::User(BEN), Some(BEN)),
    row("Homebrew of ann", "opt/homebrew", (ANN, STAFF), HOMEBREW, As::Sudo(ANN), Some(ANN)),
    row("ann's checkout in `/tmp`", "tmp/vmkit/stage", OF_ANN, STICKY, ANN_S, Some(ANN)),
    row("ann's checkout in `/tmp`", "tmp/vmkit/stage", OF_ANN, STICKY, As::Sudo(ANN), Some(ANN)),
    row("root's checkout in `/tmp`", "tmp/vmkit/stage", ROOT, STICKY, As::Root, Some(NOBODY)),
    row("below a directory that everybody can write", "open/vmkit", OF_ANN, OPEN, ANN_S, Some(ANN)),
    row("a group can write `lib` alone", "srv/team", ROOT, GROUP_LIB, ANN_S, None),
    row("a group can write `lib` alone", "srv/team", ROOT, GROUP_LIB, As::Sudo(ANN), None),
    row("a group can write the whole tree", "srv/team", ROOT, GROUP_ALL, ANN_S, Some(ANN)),
    row("root's, plugins of eve", "usr/local", ROOT, EVES_PLUGINS, ANN_S, None),
    row("root's, plugins of eve", "usr/local", ROOT, EVES_PLUGINS, As::Root, None),
    row("ann's, plugins of eve", "usr/local", OF_ANN, EVES_PLUGINS, ANN_S, None),
    row("all of eve, a foreign owner", "home/eve/.local", (EVE, EVE), &[], ANN_S, Some(ANN)),
    row("all of eve, a foreign owner", "home/eve/.local", (EVE, EVE), &[], As::Root, Some(EVE)),
    row("root's, everybody can write `vm-worker`", "usr/local", ROOT, OPEN_WORKER, ANN_S, None),
    linked(
        "a group can write `lib`, `lib/vmkit` a link into root's",
        GROUP_LIB,
        VMKIT_LINK,
        Some(ANN),
    ),
    linked(
        "a group can write `lib`, `lib/vmkit` a link to where it can write",
        OPEN_STORE,
        VMKIT_LINK,
        None,
    ),
    linked(
        "a group can write `lib/vmkit`, `vm-worker` a link into root's",
        GROUP_VMKIT,
        WORKER_LINK,
        None,
    ),
    linked(
        "a group can write `lib/vmkit`, worker, plugins and pins links into root's",
        GROUP_VMKIT,
        BOTH_LINKS,
        Some(ANN),
    ),
];

fn named(user: u32) -> &'static str {
    match user {
        ANN => "ann",
        BEN => "ben",
        EVE => "eve",
        NOBODY => "nobody",
        other => panic!("no name for user {other}"),
    }
}

/// The row of the documentation for a layout.
fn documented(layout: &Layout) -> String {
    let by = match layout.by {
        As::Root => "root".to_owned(),
        As::User(user) => named(user).to_owned(),
        As::Sudo(user) => format!("{} by sudo", named(user)),
    };
    let (trusted, worker) = layout.worker.map_or(("no", "none"), |user| ("yes", named(user)));
    format!("| {} | {by} | {trusted} | {worker} |", layout.name)
}

#[test]
fn every_layout_behaves_as_documented() {
    let Some(place) = Place::new() else { return };
    let mut data = DataDirectory::new();
    data.add("web");
    data.start("web");
    // QEMU makes it private, but every user must see the VM here.
    mode(&data.path("vms/web/web.pid"), 0o644);
    let config = data.write("config.toml", "[plugins.misbehave]\nhow = \"report-user\"\n");
    let (data_dir, config) = (data.path("").display().to_string(), config.display().to_string());
    let arguments = [
        "--manager",
        "vm-toolkit",
        "--data-dir",
        &data_dir,
        "--config",
        &config,
        "status",
        "--json",
    ];
    let mut wrong = Vec::new();
    for layout in LAYOUTS {
        place.lay_out(layout.prefix, layout.owner, layout.but, layout.links);
        let status = place.vm(layout.prefix, layout.by, &arguments);
        let plugin = &status["plugins"][0];
        let fits = match layout.worker {
            Some(user) => plugin["message"] == format!("running as user {user}"),
            None => plugin["status"] == "refused" && plugin["hint"].is_string(),
        };
        if !fits {
            wrong.push(format!("{}: {plugin}", documented(layout)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_documentation_lists_exactly_these_layouts() {
    let documentation = include_str!("../../../docs/security.md");
    let table = documentation.lines().skip_while(|line| !line.starts_with("| layout |"));
    let rows: Vec<&str> = table.skip(2).take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<String> = LAYOUTS.iter().map(documented).collect();
    assert_eq!(rows, expected, "the table should be:\n{}", expected.join("\n"));
}
