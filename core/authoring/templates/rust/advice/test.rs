//! Runs the plugin on a fake host: no router and no rights are needed.

use {{crate}}::{{type}};
use vmkit_plugin::Fact;
use vmkit_testkit::FakeHost;

fn advice(title: &str) -> Vec<String> {
    let facts = [Fact {
        key: "http.title:/".into(),
        value: title.into(),
    }];
    let advice = FakeHost::new().advise::<{{type}}>("{}", &facts).unwrap();
    advice.iter().map(|it| it.id.to_string()).collect()
}

#[test]
fn recognises_its_router_and_no_other() {
    assert_eq!(
        advice("Example Router 3000"),
        ["{{name}}", "{{name}}-setting"]
    );
    assert!(advice("Another router").is_empty());
}
