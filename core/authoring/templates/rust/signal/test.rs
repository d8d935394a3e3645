//! Runs the plugin on a fake host: no VM, no worker and no rights are needed.

use std::fs;

use {{crate}}::{{type}};
use vmkit_plugin::Subject;
use vmkit_testkit::FakeHost;

/// A host whose `/etc/hosts` holds this text.
fn host(name: &str, text: &str) -> FakeHost {
    let tree = std::env::temp_dir().join(format!("{{name}}-{name}-{}", std::process::id()));
    fs::create_dir_all(tree.join("etc")).unwrap();
    fs::write(tree.join("etc/hosts"), text).unwrap();
    FakeHost::new().with_tree(tree)
}

fn vm(name: &str) -> Subject {
    Subject {
        name: name.into(),
        ..Subject::default()
    }
}

#[test]
fn reports_the_address_of_a_name() {
    let host = host("address", "192.0.2.7 web # a comment\n192.0.2.8 other\n");
    let report = host.observe::<{{type}}>("{}", &[vm("db"), vm("web")]);
    assert_eq!(report.result, Ok(()));
    assert_eq!(
        report.lines(),
        ["1 dns-address 192.0.2.7 /etc/hosts has 192.0.2.7 for web"]
    );
}

#[test]
fn a_name_may_end_with_the_configured_domain() {
    let host = host("domain", "192.0.2.7 web.home.arpa\n");
    let report = host.observe::<{{type}}>(r#"{"domain": "home.arpa"}"#, &[vm("web")]);
    assert_eq!(report.observations.len(), 1);
}

#[test]
fn a_missing_file_is_nothing_to_look_at() {
    let report = FakeHost::new()
        .with_tree("/nonexistent")
        .observe::<{{type}}>("{}", &[vm("web")]);
    assert_eq!(report.lines(), ["0 unread - there is no /etc/hosts"]);
}
