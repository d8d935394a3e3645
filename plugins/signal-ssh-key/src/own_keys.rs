//! The host keys of this computer's own SSH server.

use std::io::Read as _;

use vmkit_plugin::{Cx, HostKey};

/// Where OpenSSH keeps them, on Linux and macOS.
pub(crate) const PATTERN: &str = "/etc/ssh/ssh_host_*_key.pub";
/// Most files that are read: OpenSSH has one for each of its five kinds of key.
const MOST_FILES: usize = 16;
/// Longest file, in bytes: a key has less than 3 KiB.
const SIZE_LIMIT: u64 = 8192;

/// The public keys in these files; empty where there is no server.
pub(crate) fn read(pattern: &str, cx: &Cx<'_>) -> Vec<HostKey> {
    let paths = cx.files(pattern).unwrap_or_default();
    paths.iter().take(MOST_FILES).filter_map(|path| key(path, cx)).collect()
}

fn key(path: &str, cx: &Cx<'_>) -> Option<HostKey> {
    let mut text = String::new();
    cx.open_file(path).ok()??.take(SIZE_LIMIT).read_to_string(&mut text).ok()?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use vmkit_testkit::FakeHost;

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
        let host = FakeHost::new();
        let read = |below: &str| {
            let pattern = folder.path().join(below).join("ssh_host_*_key.pub");
            read(pattern.to_str().unwrap(), &host.context())
        };
        assert_eq!(read(""), [own]);
        assert_eq!(read("none"), []);
    }
}
