//! Whether a file is what an index lists.

use serde_json::{Value, json};
use vmkit_host::Plugin;

use super::{Entry, IndexError, Version};

/// Compares the plugin of a file with its entry: the hash, the id, the version, and that it needs no more
/// than is listed.
///
/// # Errors
/// What differs.
pub fn check_listed(plugin: &Plugin, entry: &Entry, version: &Version) -> Result<(), IndexError> {
    let differs = |why: String| IndexError::Differs { name: entry.name.clone(), why };
    check_hash(&plugin.sha256.to_string(), entry, version)?;
    let manifest = &plugin.manifest;
    if manifest.id != entry.name {
        return Err(differs(format!("its id is `{}`", manifest.id)));
    }
    if manifest.version != version.version {
        let own = vmkit_types::escaped(&manifest.version);
        return Err(differs(format!("its version is {own}")));
    }
    let listed = json!({
        "needs": version.needs,
        "needs_macos": version.needs_macos.as_ref().unwrap_or(&version.needs),
        "gateway": version.gateway,
    });
    match beyond("", &manifest.agreed_needs(), &listed) {
        Some(more) => Err(differs(format!("it needs more: {}", vmkit_types::escaped(&more)))),
        None => Ok(()),
    }
}

/// Compares the hash of a file with the listed one.
pub(super) fn check_hash(sha256: &str, entry: &Entry, version: &Version) -> Result<(), IndexError> {
    if sha256 == version.sha256.to_ascii_lowercase() {
        return Ok(());
    }
    Err(IndexError::Differs { name: entry.name.clone(), why: format!("its SHA-256 is {sha256}") })
}

/// The first need that is not listed.
fn beyond(name: &str, needed: &Value, listed: &Value) -> Option<String> {
    match (needed, listed) {
        (Value::Object(needed), _) => {
            needed.iter().find_map(|(name, needed)| beyond(name, needed, &listed[name]))
        }
        (Value::Array(needed), _) => {
            let listed = listed.as_array().map_or(&[][..], Vec::as_slice);
            let more = needed.iter().find(|need| !listed.contains(need));
            more.map(|need| format!("{name} {need}"))
        }
        (Value::Bool(false), _) => None,
        (needed, listed) => (needed != listed).then(|| name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_need_less_than_is_listed_and_no_more() {
        let listed = json!({"needs": {"network": true, "read_files": ["/etc/hosts", "/a/b"]}});
        let rows = [
            (json!({"needs": {}}), None),
            (json!({"needs": {"network": true}}), None),
            (json!({"needs": {"read_files": ["/a/b"]}}), None),
            (json!({"needs": {"arp": true}}), Some("arp")),
            (json!({"needs": {"read_files": ["/etc/shadow"]}}), Some("read_files \"/etc/shadow\"")),
            (json!({"needs": {"exec": ["/bin/ls"]}}), Some("exec \"/bin/ls\"")),
            (json!({"gateway": ["/"]}), Some("gateway \"/\"")),
        ];
        for (needed, expected) in rows {
            assert_eq!(beyond("", &needed, &listed).as_deref(), expected, "{needed}");
        }
    }
}
