//! The name by which ssh remembers a machine's host keys.

use sha2::{Digest, Sha256};
use vmkit_model::{MANAGER, Machine};

/// The name by which ssh remembers the machine's host keys, in place of its address, which may belong
/// to another machine tomorrow.
///
/// cloud-init makes new host keys for each instance: its id keeps a machine that was made anew
/// apart from the one that had its name before. The alias of a listed machine ends with a hash, since names
/// and ids of other managers are any text, and two of them could read alike.
pub fn host_key_alias(machine: &Machine) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let instance = machine.instance.as_ref().known();
    let instance = instance.map(|id| id.chars().map(plain).collect::<String>());
    let own_name: String = machine.own_name.chars().map(plain).collect();
    // Another manager may have a machine of the same name.
    let manager = Some(&*machine.manager).filter(|manager| *manager != MANAGER);
    let parts = ["vmkit"].into_iter().chain(manager).chain([&*own_name]);
    let mark = manager.map(|_| mark_of(machine));
    let parts = parts.chain(instance.as_deref()).chain(mark.as_deref());
    parts.collect::<Vec<_>>().join("-")
}

/// Eight bytes of the hash of what tells a listed machine from all others.
fn mark_of(machine: &Machine) -> String {
    let id = machine.instance.as_ref().known().map_or("", String::as_str);
    let mut hash = Sha256::new();
    for part in [&*machine.manager, &machine.own_name, id] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let first =
        hash.finalize().iter().take(8).fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
    format!("{first:016x}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vmkit_types::Reading;

    use super::*;

    fn alias(manager: &str, name: &str, id: &str) -> String {
        let mut machine = Machine::new(Arc::from(manager), name);
        machine.instance = Reading::Known(id.to_owned());
        host_key_alias(&machine)
    }

    #[test]
    fn no_two_machines_of_listings_share_host_keys() {
        assert_eq!(alias(MANAGER, "web", "iid-1"), "vmkit-web-iid-1");
        let rows = [
            (("lima", "my", "vm-U"), ("lima", "my-vm", "U")),
            (("lima", "a b", "1"), ("lima", "a_b", "1")),
            (("a-b", "c", "1"), ("a", "b-c", "1")),
            (("lima", "web", "/x/y"), ("lima", "web", "_x_y")),
            (("lima", "web", "1"), (MANAGER, "lima-web", "1")),
        ];
        for (one, other) in rows {
            let [one, other] = [one, other].map(|(manager, name, id)| alias(manager, name, id));
            assert_ne!(one, other);
        }
    }
}
