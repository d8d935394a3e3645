//! Runs the plugin on a fake host, whose user has the home directory `/home/ann`.

use std::fs;

use {{crate}}::{{type}};
use vmkit_plugin::{MachineState, Reading};
use vmkit_testkit::FakeHost;

#[test]
fn lists_the_machines_of_the_file() {
    let tree = std::env::temp_dir().join(format!("{{name}}-{}", std::process::id()));
    fs::create_dir_all(tree.join("home/ann/.{{name}}")).unwrap();
    let text = "# NAME STATE MAC\nweb running 52:54:00:00:00:01\ndb\n";
    fs::write(tree.join("home/ann/.{{name}}/machines"), text).unwrap();
    let machines = FakeHost::new()
        .with_tree(&tree)
        .list::<{{type}}>("{}")
        .unwrap();
    assert_eq!(machines.len(), 2);
    assert_eq!(machines[0].state, Reading::Known(MachineState::Running));
    let cards = machines[0].cards.as_ref().known().unwrap();
    assert_eq!(cards[0].mac, Some("52:54:00:00:00:01".parse().unwrap()));
    assert!(matches!(machines[1].state, Reading::Unknown(_)));
}

#[test]
fn a_computer_without_the_file_has_no_machines() {
    let machines = FakeHost::new()
        .with_tree("/nonexistent")
        .list::<{{type}}>("{}")
        .unwrap();
    assert!(machines.is_empty());
}
