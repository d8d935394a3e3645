//! A user's `known_hosts` file, sshd(8).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;
use vmkit_types::HostKey;

/// The mark of a line whose key must not be trusted.
const REVOKED: &str = "@revoked";

/// The keys that a `known_hosts` file marks as `@revoked`, for whatever hosts: the private half of such
/// a key may be in anybody's hands.
pub fn revoked(known_hosts: &str) -> Vec<HostKey> {
    let keys = known_hosts.lines().filter_map(|line| {
        let marked = line.trim_start().strip_prefix(REVOKED)?;
        let (_, key) = marked.strip_prefix([' ', '\t'])?.trim_start().split_once([' ', '\t'])?;
        key.trim_start().parse().ok()
    });
    keys.collect()
}

/// The keys that a `known_hosts` file has for a host of this name, in the file's order, without revoked
/// ones. Skips lines with patterns, markers (`@cert-authority`) or faults.
pub fn find(known_hosts: &str, name: &str) -> Vec<HostKey> {
    // ssh looks names up in lower case.
    let name = name.to_ascii_lowercase();
    let (mut found, revoked) = (Vec::new(), revoked(known_hosts));
    for line in known_hosts.lines() {
        let line = line.trim_start();
        let Some((hosts, key)) = line.split_once([' ', '\t']) else { continue };
        if hosts.starts_with(['#', '@']) || !names(hosts, &name) {
            continue;
        }
        found.extend(key.parse().ok().filter(|key| !found.contains(key) && !revoked.contains(key)));
    }
    found
}

/// Whether this field of a line names the host, in plain text or by its hash.
fn names(hosts: &str, name: &str) -> bool {
    let Some(hashed) = hosts.strip_prefix("|1|") else {
        return hosts.split(',').any(|host| host.eq_ignore_ascii_case(name));
    };
    let decode = |text: &str| STANDARD.decode(text).ok();
    let salt_and_hash =
        hashed.split_once('|').and_then(|(salt, hash)| decode(salt).zip(decode(hash)));
    salt_and_hash.is_some_and(|(salt, hash)| {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
        hmac::verify(&key, name.as_bytes(), &hash).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_plain_and_hashed_names() {
        // The hash of `web`, made by ssh-keygen -H.
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"twenty bytes of salt");
        let salt = STANDARD.encode("twenty bytes of salt");
        let hash = STANDARD.encode(hmac::sign(&key, b"web"));
        let file = format!(
            "# web ssh-rsa COMMENT\n\
             \n\
             web,192.168.1.64 ssh-ed25519 PLAIN user@host\n\
             |1|{salt}|{hash} ecdsa-sha2-nistp256 HASHED\n\
             |1|{salt} ssh-rsa CUT\n\
             |1|***|*** ssh-rsa NOBASE\n\
             @revoked web ssh-rsa REVOKED\n\
             web ssh-ed25519 LEAKED\n\
             @revoked  * \tssh-ed25519 LEAKED\n\
             @revokedweb ssh-rsa NOMARK\n\
             @revoked web\n\
             *.local,!web ssh-rsa PATTERN\n\
             webserver ssh-rsa LONGER\n\
             [web]:2222 ssh-rsa PORT\n\
             WEB ssh-ed25519 PLAIN\n\
             web\n\
             web ssh-rsa \u{1b}[2J\n"
        );
        let found = |name| find(&file, name).iter().map(ToString::to_string).collect::<Vec<_>>();
        let expected = ["ssh-ed25519 PLAIN", "ecdsa-sha2-nistp256 HASHED"];
        assert_eq!(found("web"), expected);
        assert_eq!(found("Web"), expected);
        assert_eq!(found("192.168.1.64"), ["ssh-ed25519 PLAIN"]);
        assert_eq!(found("db"), [""; 0]);
        let revoked: Vec<_> = revoked(&file).iter().map(ToString::to_string).collect();
        assert_eq!(revoked, ["ssh-rsa REVOKED", "ssh-ed25519 LEAKED"]);
    }
}
