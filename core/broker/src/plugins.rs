//! Changes the plugins that root agrees to: one entry of `/etc/vmkit/plugins.lock`, about a file that
//! only root can change.

use std::{
    error::Error,
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

use rustix::fs::OFlags;
use vmkit_hosts::digest;
use vmkit_rights::{PluginLockChange, Refusal};
use vmkit_state::{FileHash, Folder, PLUGIN_LOCK, PluginLock, TrustedPlugin, roots_folder};
use vmkit_types::error_chain;
use vmkit_wire::{MANIFEST_ENDING, Manifest, joint_hash_input};

/// Longest version, in bytes.
const LONGEST_VERSION: usize = 64;
/// Longest path, in bytes.
const LONGEST_PATH: usize = 1024;
/// Most that a manifest can need fills less, in bytes.
const LONGEST_NEEDS: usize = 32 << 10;
/// Most entries, so that the file stays one that is read.
const MOST_ENTRIES: usize = 256;
/// Largest library, as large as one that is loaded.
const LARGEST_LIBRARY: u64 = 128 << 20;

/// Changes the lock.
pub(crate) fn change(change: PluginLockChange) -> Result<(), Refusal> {
    if let PluginLockChange::Trust(plugin) = &change {
        check_entry(plugin)?;
    }
    let folder = roots_folder();
    let failed = |error: &dyn Error| Refusal::failed(error_chain(error));
    // Also so that only one library is read at a time.
    let _others_wait = folder.lock(PLUGIN_LOCK).map_err(|error| failed(&error))?;
    check_owner(&folder.path())?;
    let mut lock = read(&folder)?;
    match change {
        PluginLockChange::Trust(plugin) => {
            check_library(&plugin)?;
            lock.trust(TrustedPlugin { trusted_at: SystemTime::now(), ..*plugin });
            if lock.entries().len() > MOST_ENTRIES {
                return Err(Refusal::failed(format!("over {MOST_ENTRIES} plugins are trusted")));
            }
        }
        PluginLockChange::Untrust(sha256) => lock.remove(sha256),
    }
    folder.replace(PLUGIN_LOCK, &lock.to_text()).map_err(|error| failed(&error))
}

fn read(folder: &Folder) -> Result<PluginLock, Refusal> {
    let failed = |error: &dyn Error| Refusal::failed(error_chain(error));
    let Some(bytes) = folder.read(PLUGIN_LOCK).map_err(|error| failed(&error))? else {
        return Ok(PluginLock::default());
    };
    PluginLock::parse(&bytes).map_err(|error| {
        let path = folder.path().join(PLUGIN_LOCK);
        Refusal::failed(format!("{}: {}", path.display(), error_chain(&error)))
    })
}

/// Checks what the entry says, by the rules that hold for the manifest of a library.
fn check_entry(plugin: &TrustedPlugin) -> Result<(), Refusal> {
    let is_plain = |text: &str, longest| {
        !text.is_empty() && text.len() <= longest && !text.chars().any(char::is_control)
    };
    if !is_plain(&plugin.version, LONGEST_VERSION) {
        return Err(Refusal::denied("the version of the plugin is too long or no plain text"));
    }
    let path = &plugin.path;
    let is_real = path.is_absolute() && path.components().all(|part| part != Component::ParentDir);
    let is_written_plainly = path.components().collect::<PathBuf>().as_os_str() == path.as_os_str();
    let is_text = path.to_str().is_some_and(|path| is_plain(path, LONGEST_PATH));
    if !(is_real && is_written_plainly && is_text) {
        return Err(Refusal::denied("the path of the plugin is not absolute and plain"));
    }
    if plugin.needs.to_string().len() > LONGEST_NEEDS {
        return Err(Refusal::denied("the needs of the plugin are too long"));
    }
    Manifest::of_agreed(&plugin.id, &plugin.version, &plugin.needs)
        .map(drop)
        .map_err(|error| Refusal::denied(error.to_string()))
}

/// Checks that the file has the hash of the entry, and that only root can change it: root agrees to no
/// file of a user's, whatever `vm` says.
fn check_library(plugin: &TrustedPlugin) -> Result<(), Refusal> {
    let path = plugin.path.as_path();
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let bytes = read_of_root(path)?;
    let hash = FileHash::new(digest(&bytes));
    let hash = if name.ends_with(MANIFEST_ENDING) {
        let program = path.with_file_name(program_of(path, bytes)?);
        let program = FileHash::new(digest(&read_of_root(&program)?));
        FileHash::new(digest(joint_hash_input(hash, program).as_bytes()))
    } else {
        hash
    };
    if hash != plugin.sha256 {
        return Err(Refusal::denied(format!("{} has changed since", path.display())));
    }
    Ok(())
}

/// The name of the program that a manifest names, which is in the same directory.
fn program_of(path: &Path, manifest: Vec<u8>) -> Result<String, Refusal> {
    let manifest: Option<Manifest> =
        String::from_utf8(manifest).ok().and_then(|text| text.parse().ok());
    let program = manifest.and_then(|manifest| manifest.program);
    program
        .map(|program| program.file)
        .ok_or_else(|| Refusal::denied(format!("{} is no manifest of a program", path.display())))
}

/// The bytes of a file that only root can change and to which no link leads.
fn read_of_root(path: &Path) -> Result<Vec<u8>, Refusal> {
    let failed = |error: io::Error| Refusal::failed(format!("{}: {error}", path.display()));
    path.ancestors().try_for_each(check_owner)?;
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let flags = i32::try_from(flags).map_err(|_| Refusal::failed("no flags"))?;
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(failed)?;
    let status = file.metadata().map_err(failed)?;
    if !status.is_file() || status.len() > LARGEST_LIBRARY {
        return Err(Refusal::denied(format!("{} is no plugin", path.display())));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_LIBRARY).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Checks that only root can change what is there, and that it is no link.
fn check_owner(path: &Path) -> Result<(), Refusal> {
    let shown = path.display();
    let status =
        fs::symlink_metadata(path).map_err(|error| Refusal::failed(format!("{shown}: {error}")))?;
    if status.is_symlink() || status.uid() != 0 || status.mode() & 0o022 != 0 {
        return Err(Refusal::denied(format!(
            "{shown} is a link, or others than root can change it"
        )));
    }
    Ok(())
}
