//! Which files of a directory are plugins: libraries, and manifests that lie beside a program.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use vmkit_wire::{MANIFEST_ENDING, MANIFEST_LIMIT, Manifest};

use super::vet;

/// How a library of this platform is named.
const SUFFIX: &str = if cfg!(target_os = "macos") { "dylib" } else { "so" };

/// Most manifests of a directory that are read to find that of a program.
const MOST_MANIFESTS: usize = 256;

/// Whether this is the name of a library.
pub(super) fn is_library(path: &Path) -> bool {
    path.extension().is_some_and(|suffix| suffix == SUFFIX)
}

/// Whether this is the name of a manifest.
pub(super) fn is_manifest(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.len() > MANIFEST_ENDING.len() && name.ends_with(MANIFEST_ENDING)
}

/// The bytes of a manifest.
pub(super) fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MANIFEST_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MANIFEST_LIMIT {
        return Err(io::Error::other(format!("a manifest has at most {MANIFEST_LIMIT} bytes")));
    }
    Ok(bytes)
}

/// The program that the manifest at this path names, if it can be read.
pub(super) fn program_of(manifest: &Path) -> Option<PathBuf> {
    if !is_manifest(manifest) {
        return None;
    }
    let file = vet::open(manifest).ok().filter(|file| file.metadata().is_ok_and(|it| it.is_file()));
    let bytes = read(&file?).ok()?;
    let manifest_text: Manifest = String::from_utf8(bytes).ok()?.parse().ok()?;
    Some(manifest.parent()?.join(manifest_text.program?.file))
}

/// The manifest of the plugin at this path: the path itself, or the manifest beside it that names it.
pub(super) fn plugin_at(path: &Path) -> PathBuf {
    let manifest = || {
        let entries = path.parent()?.read_dir().ok()?.take(MOST_MANIFESTS);
        let manifests = entries.filter_map(|entry| Some(entry.ok()?.path()));
        manifests.filter(|entry| is_manifest(entry)).find(|entry| {
            program_of(entry).is_some_and(|program| program.file_name() == path.file_name())
        })
    };
    let other = if is_library(path) || is_manifest(path) { None } else { manifest() };
    other.unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_program_is_known_by_the_manifest_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let manifest = r#"{"id":"a","version":"1","epoch":1,"kinds":[],"program":{"file":"a.py"}}"#;
        fs::write(path("a.plugin.json"), manifest).unwrap();
        fs::write(path("broken.plugin.json"), "{").unwrap();
        fs::write(path("large.plugin.json"), " ".repeat(70_000)).unwrap();
        let rows = [
            ("a.py", "a.plugin.json"),
            ("a.plugin.json", "a.plugin.json"),
            ("b.py", "b.py"),
            ("a.so", "a.so"),
        ];
        for (name, expected) in rows {
            assert_eq!(plugin_at(&path(name)), path(expected), "{name}");
        }
        assert_eq!(program_of(&path("a.plugin.json")), Some(path("a.py")));
        assert_eq!(program_of(&path("large.plugin.json")), None);
        assert!(!is_manifest(Path::new("/x/.plugin.json")));
    }

    #[test]
    fn a_pipe_or_a_link_beside_a_program_is_no_manifest_and_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(path("a.plugin.json")).status();
        assert!(made.unwrap().success());
        let manifest = r#"{"id":"a","version":"1","epoch":1,"kinds":[],"program":{"file":"a.py"}}"#;
        fs::write(path("elsewhere"), manifest).unwrap();
        std::os::unix::fs::symlink(path("elsewhere"), path("b.plugin.json")).unwrap();
        assert_eq!(plugin_at(&path("a.py")), path("a.py"));
        assert_eq!(program_of(&path("a.plugin.json")), None);
    }
}
