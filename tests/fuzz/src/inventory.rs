//! Runs inventories on a fake host.

use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
    process::Command,
};

use tempfile::TempDir;
use vmkit_plugin::{Error, Inventory, ListedMachine, ProcessAnswer};
use vmkit_testkit::FakeHost;
use vmkit_wire::{Manifest, ReadFile};

/// Between the contents of two files in an input.
const BETWEEN: &[u8] = b"\n=====\n";

/// What a `*` of a manifest stands for.
const NAME: &str = "web";

/// The process that the inventory sees.
const PID: u32 = 42;

/// Makes something at a path.
type Make = fn(&Path);

/// What may lie in a file's place: each is made at a path.
const KINDS: [(&str, Make); 6] = [
    ("a named pipe", |path| {
        let made = Command::new("mkfifo").arg(path).status().expect("start mkfifo");
        assert!(made.success());
    }),
    ("a socket", |path| drop(UnixListener::bind(path).expect("a socket"))),
    ("a directory", |path| fs::create_dir(path).expect("a directory")),
    ("a link to the outside", |path| symlink("/etc/passwd", path).expect("a link")),
    ("a link to itself", |path| symlink(path, path).expect("a link")),
    ("zeros", |path| fs::write(path, vec![0; 5 << 20]).expect("a file")),
];

/// Lets the plugin of this manifest list machines. The input has the contents of the files that the
/// manifest declares, in its order, and begins again at the first where it has fewer; the first part is also what
/// declared services answer, and the lines of the last one are the arguments of a process.
///
/// # Panics
/// The plugin panics, or a temporary file cannot be written.
pub fn inventory<P: Inventory>(bytes: &[u8], manifest: &str) {
    let manifest: Manifest = manifest.parse().expect("the plugin's manifest");
    let tree = written(bytes, &manifest, Files::All);
    // The SDK turns a panic into an error with this text.
    let listed = list::<P>(tree.path(), bytes, &manifest);
    let panic = listed.err().filter(|error| error.message.starts_with("panicked: "));
    assert_eq!(panic, None);
}

/// Lists the machine of an input beside one whose files are of other kinds than regular ones, for each kind:
/// the first is shown as before, and the other is named.
///
/// # Panics
/// The plugin fails, changes the first machine or says nothing of the other.
pub fn beside_special_files<P: Inventory>(bytes: &[u8], manifest: &str) {
    let manifest: Manifest = manifest.parse().expect("the plugin's manifest");
    let starred: Vec<_> =
        paths(&manifest, "special").filter(|path| path.contains("special")).collect();
    let written = || written(bytes, &manifest, Files::Starred);
    let alone = list::<P>(written().path(), bytes, &manifest).expect("a list");
    // Machines of another place than files of their own, such as one register or the processes.
    if alone.is_empty() || starred.is_empty() {
        return;
    }
    for (kind, make) in KINDS {
        let tree = written();
        for path in &starred {
            let path = place(tree.path(), path);
            // The bundle of another ending may be there already, or its name be too long for a socket.
            if !path.exists() {
                make(&path);
            }
        }
        let listed = list::<P>(tree.path(), bytes, &manifest).expect("a list");
        for machine in &alone {
            assert!(listed.contains(machine), "{kind}: {machine:?} is not in {listed:#?}");
        }
        let named = format!("{listed:?}").contains("special");
        assert!(named, "{kind}: nothing is said of it in {listed:#?}");
    }
}

/// The paths that a manifest declares, each `*` being this name.
fn paths(manifest: &Manifest, name: &str) -> impl Iterator<Item = String> {
    let files = manifest.needs_here().read_files.iter().filter_map(move |file| match file {
        ReadFile::Path(path) => Some(path.replace("{home}", "/home/ann").replace('*', name)),
        ReadFile::Console => None,
    });
    files.collect::<Vec<_>>().into_iter()
}

/// Which of the declared files are there.
#[derive(Clone, Copy, PartialEq)]
enum Files {
    All,
    /// Those with a `*`, which are machines' own.
    Starred,
}

/// A tree with the parts of an input in the declared files.
fn written(bytes: &[u8], manifest: &Manifest, files: Files) -> TempDir {
    let tree = tempfile::tempdir().expect("a temporary directory");
    let others = paths(manifest, "other");
    let contents = parts(bytes);
    for ((path, other), content) in paths(manifest, NAME).zip(others).zip(contents.iter().cycle()) {
        if files == Files::All || path != other {
            fs::write(place(tree.path(), &path), content).expect("room for a temporary file");
        }
    }
    tree
}

/// Where a path lies in a tree. The directory is made.
fn place(tree: &Path, path: &str) -> std::path::PathBuf {
    let path = tree.join(path.trim_start_matches('/'));
    fs::create_dir_all(path.parent().expect("a directory")).expect("a temporary directory");
    path
}

fn list<P: Inventory>(
    tree: &Path,
    bytes: &[u8],
    manifest: &Manifest,
) -> Result<Vec<ListedMachine>, Error> {
    let program = manifest.needs_here().processes.first();
    let program = program.map_or(NAME.to_owned(), |name| name.replace('*', NAME));
    let parts = parts(bytes);
    let lines = String::from_utf8_lossy(parts.last().copied().unwrap_or_default());
    let arguments = [program].into_iter().chain(lines.lines().map(str::to_owned)).collect();
    let process = ProcessAnswer { pid: PID, user: Some(0), directory: Some("/".into()), arguments };
    let host = FakeHost::new().with_tree(tree).with_process(process);
    // Each service that the manifest declares answers with the first part.
    let answer = parts.first().copied().unwrap_or_default();
    let apis = manifest.needs_here().local_api.iter();
    let host = apis.fold(host, |host, api| host.with_local_api(&api.socket, &api.path, Ok(answer)));
    host.list::<P>("{}")
}

/// The parts of an input; an empty input is one empty part.
fn parts(bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        parts.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_has_one_part_more_than_separators() {
        let rows: [(&[u8], &[&[u8]]); 3] = [
            (b"", &[b""]),
            (b"a\n=====\nb", &[b"a", b"b"]),
            (b"\n=====\n\n=====\n", &[b"", b"", b""]),
        ];
        for (input, expected) in rows {
            assert_eq!(parts(input), expected);
        }
    }
}
