//! Whether a program with a manifest beside it may be run.

use std::{fs::File, io, os::unix::fs::FileExt as _, path::Path};

use vmkit_state::FileHash;
use vmkit_wire::{Manifest, Program, joint_hash_input};

use super::{
    Installation, Origin, beside,
    content::{hash_of, private_copy},
    owners::{Component, Replacers, Rule},
    refusal::Refusal,
    vet::{Gate, Plugin, open, unreadable},
};

/// Opens the plugin at `path`, wherever it lies, without asking whether anybody has agreed to it.
///
/// # Errors
/// Why it may not be loaded.
pub fn examine(path: &Path, installation: &Installation) -> Result<Plugin, Refusal> {
    Gate::of(installation).vet_any(path)
}

impl Gate<'_> {
    /// Opens the plugin at this path if it may be loaded: a library, a manifest, or the program of one.
    pub(super) fn vet_any(&self, path: &Path) -> Result<Plugin, Refusal> {
        let path = beside::plugin_at(path);
        if beside::is_manifest(&path) { self.vet_beside(&path) } else { self.vet(&path) }
    }

    /// Opens manifest and program if nobody can change either who could not change a library there.
    fn vet_beside(&self, path: &Path) -> Result<Plugin, Refusal> {
        let real = path.canonicalize().map_err(|source| unreadable(path, source))?;
        let bytes = beside::read(&self.open_vetted(&real)?);
        let bytes = bytes.map_err(|source| unreadable(&real, source))?;
        let manifest_hash = hash_of(&bytes);
        let (manifest, program) = parse(&real, &bytes)?;
        let place = real.with_file_name(&program.file);
        let file = self.open_vetted(&place)?;
        let interpreter = program.interpreter.as_ref().map(|path| vet_interpreter(Path::new(path)));
        let interpreter = interpreter.transpose()?;
        check_machine_code(&place, &file, interpreter.is_some())?;
        let worker = self.worker().map_err(Refusal::Worker)?;
        let copied = private_copy(&file).map_err(|source| unreadable(&place, source));
        let (copy, program_hash, kept) = copied?;
        let sha256 = hash_of(joint_hash_input(manifest_hash, program_hash).as_bytes());
        let name = path.with_file_name(&program.file);
        let pinned: [Option<FileHash>; 2] = [
            self.pinned(path, &real, &self.open_vetted(&real)?)?,
            self.pinned(&name, &place, &file)?,
        ];
        let is_own = pinned == [Some(manifest_hash), Some(program_hash)];
        let origin = if is_own { Origin::Bundled } else { Origin::Stranger };
        let (path, file, kept, manifest_file) = (real, copy, Some(kept), Some(bytes));
        Ok(Plugin {
            path,
            file,
            sha256,
            origin,
            manifest,
            manifest_file,
            interpreter,
            worker,
            kept,
        })
    }

    /// Opens a regular file that nobody untrusted can change and to which no link leads.
    fn open_vetted(&self, place: &Path) -> Result<File, Refusal> {
        let failed = |source| unreadable(place, source);
        if place.symlink_metadata().map_err(failed)?.is_symlink() {
            return Err(Refusal::NotAFile(place.to_owned()));
        }
        self.judge(place)?;
        let file = open(place).map_err(failed)?;
        let is_file = file.metadata().map_err(failed)?.is_file();
        if is_file { Ok(file) } else { Err(Refusal::NotAFile(place.to_owned())) }
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<(Manifest, Program), Refusal> {
    let lacking =
        |reason: &str| Refusal::NoManifest { path: path.to_owned(), reason: reason.to_owned() };
    let text = str::from_utf8(bytes).map_err(|_| lacking("the manifest is not UTF-8"))?;
    let manifest: Manifest = text.parse()?;
    let program = manifest.program.clone();
    let program = program.ok_or_else(|| lacking("the manifest names no `program`"))?;
    Ok((manifest, program))
}

/// Opens an interpreter that only root can change: it is not hashed.
fn vet_interpreter(path: &Path) -> Result<File, Refusal> {
    let refused = |reason: String| Refusal::Interpreter { path: path.to_owned(), reason };
    let failed = |error: io::Error| refused(error.to_string());
    let real = path.canonicalize().map_err(failed)?;
    let nobody = Replacers::default();
    let of_root = Rule { user: None, replacers: &nobody };
    for part in real.ancestors() {
        let component = Component::look(part).map_err(failed)?;
        if let Some(fault) = of_root.fault(&component, |_, _| false) {
            return Err(refused(fault.to_string()));
        }
    }
    let file = open(&real).map_err(failed)?;
    if !begins_like_machine_code(&file) {
        return Err(refused(format!("{} is no machine code", real.display())));
    }
    Ok(file)
}

/// Refuses a script that no interpreter is named for.
fn check_machine_code(path: &Path, file: &File, has_interpreter: bool) -> Result<(), Refusal> {
    if has_interpreter || begins_like_machine_code(file) {
        return Ok(());
    }
    let reason = "it is no machine code, and the manifest names no `interpreter`".to_owned();
    Err(Refusal::NoManifest { path: path.to_owned(), reason })
}

/// ELF files, and those of Mach-O for one architecture or several.
fn begins_like_machine_code(file: &File) -> bool {
    const BEGINNINGS: [[u8; 4]; 3] =
        [*b"\x7fELF", [0xcf, 0xfa, 0xed, 0xfe], [0xca, 0xfe, 0xba, 0xbe]];
    let mut beginning = [0; 4];
    file.read_exact_at(&mut beginning, 0).is_ok() && BEGINNINGS.contains(&beginning)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn an_interpreter_is_machine_code_that_only_root_can_change() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("python");
        std::fs::copy("/bin/sh", &own).unwrap();
        let rows: [(PathBuf, &str); 5] = [
            ("/bin/sh".into(), ""),
            ("/nonexistent/python".into(), "No such file"),
            ("/etc/passwd".into(), "/etc/passwd is no machine code"),
            ("/usr".into(), "/usr is no machine code"),
            (own, "others could change it"),
        ];
        for (path, expected) in rows {
            let reason = match vet_interpreter(&path) {
                Ok(_) => String::new(),
                Err(refusal) => refusal.to_string(),
            };
            let fits = reason.contains(expected) && reason.is_empty() == expected.is_empty();
            assert!(fits, "{}: {reason}", path.display());
        }
    }
}
