//! The name by which ssh remembers a machine's host keys.

use vmkit_model::Machine;

/// The name by which ssh remembers the machine's host keys, in place of its address, which may belong
/// to another machine tomorrow.
///
/// cloud-init makes new host keys for each instance: its id keeps a machine that was made anew
/// apart from the one that had its name before.
pub fn host_key_alias(machine: &Machine) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let instance = machine.instance.as_ref().known();
    let instance = instance.map(|id| id.chars().map(plain).collect::<String>());
    let parts = ["vmkit", &machine.name].into_iter().chain(instance.as_deref());
    parts.collect::<Vec<_>>().join("-")
}
