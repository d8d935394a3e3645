//! Where the data directory is found.

use std::{collections::BTreeMap, ffi::OsString, fs, path::Path};

use vmkit_inventory::{Location, LocationError, Source, Sources};
use vmkit_model::Severity;
use vmkit_platform::Invoker;
use vmkit_types::Reading;

fn invoker(home: Option<&Path>, via_sudo: bool) -> Invoker {
    let home = home.map_or(Reading::Absent, |home| Reading::Known(home.to_owned()));
    Invoker { uid: 501, gid: 20, via_sudo, privileged: via_sudo, home }
}

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, OsString> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.into())).collect()
}

/// Flag, environment, configuration, text of `~/.vm-toolkit-config` and sudo; then data directory,
/// base directory, registry, source and number of problems. `~` stands for the home directory.
type Row<'a> = (
    (Option<&'a str>, &'a [(&'a str, &'a str)], Option<&'a str>, &'a str, bool),
    (&'a str, &'a str, &'a str, Source, usize),
);

#[test]
fn asks_sources_in_their_order_without_mixing_them() {
    const ENVIRONMENT: &[(&str, &str)] = &[("VM_PROJECT_DIR", "/e"), ("REGISTRY_FILE", "/r.json")];
    const PARTS: &[(&str, &str)] = &[("VM_BASE_DIR", "/b"), ("VM_PROJECT_DIR", "")];
    const TOOLKIT: &str = "export VM_PROJECT_DIR=\"$HOME/t\" # mine\nVM_BASE_DIR=~/m\nVM_X=$(id)\n";
    let table: &[Row<'_>] = &[
        (
            (Some("/f"), ENVIRONMENT, Some("/c"), TOOLKIT, false),
            ("/f", "/f/vms", "/f/.vm-registry.json", Source::Flag, 0),
        ),
        (
            (Some("/f"), &[], None, "", true),
            ("/f", "/f/vms", "/f/.vm-registry.json", Source::Flag, 0),
        ),
        (
            (None, ENVIRONMENT, Some("/c"), TOOLKIT, false),
            ("/e", "/e/vms", "/r.json", Source::Environment, 0),
        ),
        (
            (None, ENVIRONMENT, Some("/c"), TOOLKIT, true),
            ("/c", "/c/vms", "/c/.vm-registry.json", Source::Configuration, 0),
        ),
        (
            (None, PARTS, Some("/c"), TOOLKIT, false),
            ("/c", "/b", "/c/.vm-registry.json", Source::Configuration, 0),
        ),
        (
            (None, &[], None, TOOLKIT, false),
            ("~/t", "~/m", "~/t/.vm-registry.json", Source::ToolkitConfiguration, 0),
        ),
        (
            (None, ENVIRONMENT, None, TOOLKIT, true),
            ("~/t", "~/m", "~/t/.vm-registry.json", Source::ToolkitConfiguration, 0),
        ),
        (
            (None, &[], None, "VM_BASE_DIR=/m\n", false),
            ("~/vm-toolkit-data", "/m", "~/vm-toolkit-data/.vm-registry.json", Source::Default, 0),
        ),
        (
            (
                None,
                &[],
                None,
                "VM_PROJECT_DIR=$(touch ~/executed)\nREGISTRY_FILE=relative\n",
                false,
            ),
            (
                "~/vm-toolkit-data",
                "~/vm-toolkit-data/vms",
                "~/vm-toolkit-data/.vm-registry.json",
                Source::Default,
                2,
            ),
        ),
    ];
    for ((flag, variables, configured, toolkit, sudo), expected) in table {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(".vm-toolkit-config"), toolkit).unwrap();
        let (location, problems) = Location::find(Sources {
            flag: flag.map(Path::new),
            environment: &environment(variables),
            configured: configured.map(Path::new),
            invoker: &invoker(Some(home.path()), *sudo),
        })
        .unwrap();
        let shown = |path: &Path| {
            path.display().to_string().replace(&home.path().display().to_string(), "~")
        };
        let (data, base) = (shown(&location.data_directory), shown(&location.base_directory));
        let registry = shown(&location.registry);
        let found =
            (data.as_str(), base.as_str(), registry.as_str(), location.source, problems.len());
        assert_eq!(found, *expected, "{flag:?} {variables:?} {configured:?} {toolkit:?} {sudo}");
        assert!(problems.iter().all(|problem| problem.severity == Severity::Warning));
        assert!(!home.path().join("executed").exists());
    }
}

#[test]
fn resolves_a_relative_flag_from_the_working_directory() {
    let (location, _) = Location::find(Sources {
        flag: Some(Path::new("data")),
        environment: &BTreeMap::new(),
        configured: None,
        invoker: &invoker(None, false),
    })
    .unwrap();
    assert_eq!(location.data_directory, std::env::current_dir().unwrap().join("data"));
}

#[test]
fn without_a_home_the_directory_must_be_named() {
    let sources = Sources {
        flag: None,
        environment: &BTreeMap::new(),
        configured: None,
        invoker: &invoker(None, false),
    };
    assert!(matches!(Location::find(sources), Err(LocationError::NoHome { uid: 501, .. })));
}

#[test]
fn reports_a_configuration_that_cannot_be_read() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".vm-toolkit-config")).unwrap();
    let (location, problems) = Location::find(Sources {
        flag: None,
        environment: &BTreeMap::new(),
        configured: None,
        invoker: &invoker(Some(home.path()), false),
    })
    .unwrap();
    assert_eq!(location.source, Source::Default);
    assert_eq!(problems[0].severity, Severity::Error);
}
