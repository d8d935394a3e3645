//! The host keys of this computer's own SSH server.

use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use vmkit_plugin::HostKey;

/// Where OpenSSH keeps them, on Linux and macOS.
pub(crate) const FOLDER: &str = "/etc/ssh";
/// Most files that are read: OpenSSH has one for each of its five kinds of key.
const MOST_FILES: usize = 16;
/// Longest file, in bytes: a key has less than 3 KiB.
const SIZE_LIMIT: u64 = 8192;

/// The public keys in a folder; empty where there is no server.
pub(crate) fn read(folder: &Path) -> Vec<HostKey> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        name.starts_with("ssh_host_") && name.ends_with("_key.pub")
    });
    paths.take(MOST_FILES).filter_map(|path| key(&path)).collect()
}

fn key(path: &Path) -> Option<HostKey> {
    // Reading anything else, such as a pipe, could block.
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mut text = String::new();
    File::open(path).ok()?.take(SIZE_LIMIT).read_to_string(&mut text).ok()?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_public_host_keys_only() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("ssh_host_ed25519_key.pub", "ssh-ed25519 OWN root@here\n");
        write("ssh_host_ed25519_key", "ssh-ed25519 SECRET\n");
        write("ssh_host_rsa_key.pub", "-----BEGIN");
        write("known.pub", "ssh-ed25519 OTHER\n");
        fs::create_dir(folder.path().join("ssh_host_dir_key.pub")).unwrap();
        let own = HostKey::new("ssh-ed25519", "OWN").unwrap();
        assert_eq!(read(folder.path()), [own]);
        assert_eq!(read(&folder.path().join("none")), []);
    }
}
