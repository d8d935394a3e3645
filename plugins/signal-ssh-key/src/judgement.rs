//! What a proven key means for a machine.

use vmkit_plugin::{HostKey, Kind, KnownKey, Observation, Subject, attribute};
use vmkit_ssh::fingerprint;

/// The observation about machine `vm` that the server at one of its candidates proved to hold `key`.
/// `own_keys` are those of this computer.
pub(crate) fn judge(
    vm: usize,
    key: &HostKey,
    vms: &[Subject],
    own_keys: &[HostKey],
) -> Observation {
    let known = &vms[vm].known_host_keys;
    let shown = format!("{} {}", key.algorithm(), fingerprint(key));
    let others = others(vm, key, vms).join(", ");
    let owner = match () {
        () if own_keys.contains(key) => "; it is this computer's own".to_owned(),
        () if !others.is_empty() => format!("; it is the key of {others}"),
        () => String::new(),
    };
    let matching = known.iter().find(|known| known.key == *key);
    let of_its_kind =
        known.iter().filter(|known| known.key.algorithm() == key.algorithm()).collect::<Vec<_>>();
    let first_seen = of_its_kind.iter().find(|known| !known.by_name_only);
    let (kind, says) = match (matching, first_seen) {
        (Some(_), _) if !owner.is_empty() => {
            (Kind::SshNewHostKey, format!("proves the VM's known host key {shown}{owner}, too"))
        }
        (Some(KnownKey { by_name_only: true, .. }), _) => {
            (Kind::SshHostKey, format!("proves the host key {shown} that known_hosts has for it"))
        }
        (Some(_), _) => (Kind::SshHostKey, format!("proves the VM's known host key {shown}")),
        (None, Some(first)) => {
            let first = fingerprint(&first.key);
            let says = format!("proves another host key than the VM's {first}: {shown}{owner}");
            (Kind::SshOtherHostKey, says)
        }
        // No machine has this computer's key, but this computer may answer at a machine's address.
        (None, None) if own_keys.contains(key) => {
            (Kind::SshOtherHostKey, format!("proves the host key {shown}{owner}"))
        }
        (None, None) if !of_its_kind.is_empty() => {
            let says =
                format!("proves another host key than known_hosts has for it: {shown}{owner}");
            (Kind::SshNewHostKey, says)
        }
        (None, None) => {
            let which = if known.is_empty() { "none" } else { "none of this kind" };
            let says = format!("proves the host key {shown}{owner}; {which} of the VM's is known");
            (Kind::SshNewHostKey, says)
        }
    };
    Observation::new(vm, kind, says).with(attribute::HOST_KEY, key.to_string())
}

/// The names of the other machines that are known by the key.
fn others<'a>(vm: usize, key: &HostKey, vms: &'a [Subject]) -> Vec<&'a str> {
    let others = vms.iter().enumerate().filter(|(other, _)| *other != vm);
    let known =
        others.filter(|(_, subject)| subject.known_host_keys.iter().any(|known| known.key == *key));
    known.map(|(_, subject)| subject.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str, known: &[&str]) -> Subject {
        let known_host_keys = known.iter().map(|known| known.parse().unwrap()).collect();
        Subject { name: name.to_owned(), known_host_keys, ..Subject::default() }
    }

    #[test]
    fn judges_a_key_by_all_known_keys() {
        // The keys that web and db are known by, the proven key, and the observation about web.
        const A: &str = "ssh-ed25519 AAAA";
        const B: &str = "ssh-ed25519 BBBB";
        let rows: [(&[&str], &[&str], &str, &str); 11] = [
            (&[A], &[], A, "ssh-host-key proves the VM's known host key ssh-ed25519 A"),
            (
                &["ssh-ed25519 AAAA known_hosts"],
                &[],
                A,
                "ssh-host-key proves the host key ssh-ed25519 A that known_hosts has for it",
            ),
            (
                &[A],
                &[],
                B,
                "ssh-other-host-key proves another host key than the VM's A: ssh-ed25519 B",
            ),
            (
                &[A],
                &[B],
                B,
                "ssh-other-host-key proves another host key than the VM's A: ssh-ed25519 B; \
                 it is the key of db",
            ),
            (
                &["ssh-ed25519 AAAA known_hosts"],
                &[],
                B,
                "ssh-new-host-key proves another host key than known_hosts has for it: ssh-ed25519 B",
            ),
            (
                &["ssh-ed25519 BBBB known_hosts", A],
                &[],
                A,
                "ssh-host-key proves the VM's known host key ssh-ed25519 A",
            ),
            (
                &[],
                &[],
                A,
                "ssh-new-host-key proves the host key ssh-ed25519 A; none of the VM's is known",
            ),
            (
                &[],
                &[A],
                A,
                "ssh-new-host-key proves the host key ssh-ed25519 A; it is the key of db; none of \
                 the VM's is known",
            ),
            (
                &["ssh-rsa AAAA"],
                &[],
                A,
                "ssh-new-host-key proves the host key ssh-ed25519 A; none of this kind of the \
                 VM's is known",
            ),
            (
                &[A],
                &[A],
                A,
                "ssh-new-host-key proves the VM's known host key ssh-ed25519 A; it is the key \
                 of db, too",
            ),
            (
                &[],
                &[],
                "ssh-ed25519 CCCC",
                "ssh-other-host-key proves the host key ssh-ed25519 C; it is this computer's own",
            ),
        ];
        let own: HostKey = "ssh-ed25519 CCCC".parse().unwrap();
        let short = |says: &str| {
            ["AAAA", "BBBB", "CCCC"].iter().fold(says.to_owned(), |says, encoded| {
                let key = HostKey::new("ssh-ed25519", encoded).unwrap();
                says.replace(&fingerprint(&key), &encoded[..1])
            })
        };
        for (web, db, key, expected) in rows {
            let vms = [subject("web", web), subject("db", db)];
            let observation = judge(0, &key.parse().unwrap(), &vms, std::slice::from_ref(&own));
            assert_eq!(
                format!("{} {}", observation.kind.code(), short(&observation.says)),
                expected
            );
            assert_eq!(observation.attribute(attribute::HOST_KEY), Some(key));
        }
    }
}
