//! Machines that an inventory lists, and the files that it looks at.

use vmkit_plugin::ListedMachine;

/// All that is known of a machine: its id and name, then one line for each name and value.
///
/// ```
/// use vmkit_plugin::ListedMachine;
///
/// let lines = vmkit_testkit::machine_lines(&ListedMachine::new("7", "web"));
/// assert_eq!(lines[0], "7 web");
/// ```
pub fn machine_lines(machine: &ListedMachine) -> Vec<String> {
    let attributes =
        machine.attributes().into_iter().map(|(name, value)| format!("{name} {value}"));
    std::iter::once(format!("{} {}", machine.id, machine.name))
        .chain(attributes.map(|line| line.trim_end().to_owned()))
        .collect()
}

/// Checks that a manifest names these paths and patterns.
///
/// ```
/// let manifest = r#"{"needs": {"read_files": ["/etc/hosts"]}}"#;
/// vmkit_testkit::assert_declares(manifest, &["/etc/hosts"]);
/// ```
///
/// # Panics
/// One is missing.
pub fn assert_declares(manifest: &str, paths: &[&str]) {
    for path in paths {
        assert!(manifest.contains(&format!("\"{path}\"")), "the manifest does not name {path}");
    }
}
