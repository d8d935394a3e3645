//! What is refused, and that nothing is changed then.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
    path::PathBuf,
};

use rustix::process::geteuid;
use vmkit_model::{NetworkChoice, StartMode};

use crate::{
    DataDirectory, MachineError,
    trial::{self, files, location, open, said},
};

fn make(data: &DataDirectory, name: &str) -> Result<crate::StoredMachine, MachineError> {
    trial::make(data, name, b"disk")
}

#[test]
fn a_name_a_directory_and_a_mac_are_given_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = open(folder.path());
    let web = make(&data, "web").unwrap();
    fs::create_dir(folder.path().join("vms/notes")).unwrap();
    fs::write(folder.path().join("vms/notes/text"), "mine").unwrap();
    fs::create_dir(folder.path().join("vms/old")).unwrap();
    fs::write(folder.path().join("vms/old/old.qcow2"), "QFI").unwrap();
    let before = files(folder.path());
    let table = [
        ("web", "a VM called `web` exists already"),
        ("old", "a VM called `old` exists already"),
        ("notes", "DATA/vms/notes exists already, and no VM is registered there"),
        ("../x", "no VM can be called `../x`"),
        ("", "no VM can be called ``"),
    ];
    for (name, expected) in table {
        let error = make(&data, name).unwrap_err();
        assert_eq!(said(folder.path(), &error), expected);
        assert!(error.hint().is_some(), "{expected}");
    }
    let multicast = "01:00:5e:00:00:01".parse().unwrap();
    for (mac, expected) in [
        (web.mac, "52:54:00:4b:5e:57 is the MAC of `web` already"),
        (multicast, "01:00:5e:00:00:01 cannot be the MAC of a network card"),
    ] {
        assert_eq!(data.choose_mac("new", Some(mac)).unwrap_err().to_string(), expected);
    }
    assert_eq!(files(folder.path()), before);
    // Another machine has the MAC that is derived from the name.
    fs::write(folder.path().join("vms/old/old.mac"), "52:54:00:68:15:0c\n").unwrap();
    assert_ne!(data.choose_mac("db-1", None).unwrap().to_string(), "52:54:00:68:15:0c");
}

#[test]
fn a_build_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = open(folder.path());
    make(&data, "web").unwrap();
    let before = files(folder.path());
    let held = data.hold("new").unwrap();
    let failed = data.make(&held, |build| {
        build.directory.write_new("new.qcow2", b"half").unwrap();
        Err(MachineError::UnknownMachine("source".to_owned()))
    });
    assert!(matches!(failed, Err(MachineError::UnknownMachine(_))));
    // Its MAC is taken by the time that it is registered.
    let failed = data.make(&held, |build| {
        build.directory.write_new("new.qcow2", b"QFI\xfb").unwrap();
        Ok(trial::entry(data.read("web")?.mac))
    });
    assert!(matches!(failed, Err(MachineError::MacTaken { .. })), "{failed:?}");
    assert_eq!(files(folder.path()), before);
    assert!(data.repair().unwrap().is_empty());
}

#[test]
fn an_invalid_registry_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let data = open(folder.path());
    make(&data, "web").unwrap();
    let shared = NetworkChoice { mode: StartMode::Shared, bridge: None };
    for text in ["", "{", "[]", r#"{"vms":[]}"#, r#"{"version":"1.0"}"#, "{\"vms\":{}}x"] {
        fs::write(folder.path().join(".vm-registry.json"), text).unwrap();
        let before = files(folder.path());
        let held = data.hold("web").unwrap();
        let outcomes = [
            data.remember("web", &shared).unwrap_err(),
            data.destroy(&held).unwrap_err(),
            make(&data, "new").unwrap_err(),
            data.read("web").unwrap_err(),
        ];
        for error in outcomes {
            assert!(matches!(error, MachineError::InvalidRegistry { .. }), "{error}");
            assert!(error.hint().is_some());
        }
        assert_eq!(files(folder.path()), before, "{text}");
    }
}

#[test]
fn no_link_is_followed() {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("precious"), "kept").unwrap();
    let precious = || fs::read_to_string(elsewhere.path().join("precious")).unwrap();
    let target = elsewhere.path();
    for (planted, to) in [
        (".vmkit", target.to_owned()),
        (".vm-registry.json", target.join("precious")),
        (".vm-registry.json", target.join("missing")),
        ("vms/new", target.to_owned()),
        ("vms/new", target.join("missing")),
        (".vmkit/journal", target.to_owned()),
        (".vmkit/locks/new", target.join("precious")),
        (".vmkit/journal/new.json", target.join("precious")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("vms")).unwrap();
        if planted.starts_with(".vmkit/") {
            open(folder.path());
        }
        fs::remove_dir(folder.path().join(planted)).ok();
        symlink(&to, folder.path().join(planted)).unwrap();
        let outcome =
            DataDirectory::open(&location(folder.path())).and_then(|data| make(&data, "new"));
        let error = outcome.expect_err(planted);
        assert!(!said(folder.path(), &error).is_empty());
        assert_eq!((precious().as_str(), fs::read_dir(target).unwrap().count()), ("kept", 1));
    }
    // What a machine consists of.
    for (planted, to) in
        [("web.qcow2", "precious"), ("web-seed.iso", "precious"), ("web.mac", "precious")]
    {
        let folder = tempfile::tempdir().unwrap();
        let data = open(folder.path());
        let web = make(&data, "web").unwrap();
        fs::remove_file(web.directory.join(planted)).ok();
        symlink(target.join(to), web.directory.join(planted)).unwrap();
        data.read("web").expect_err(planted);
        let held = data.hold("web").unwrap();
        data.destroy(&held).unwrap();
        assert_eq!(precious(), "kept", "the link is removed, and not what it leads to");
    }
}

#[test]
fn what_is_stored_is_validated() {
    let folder = tempfile::tempdir().unwrap();
    let data = open(folder.path());
    let web = make(&data, "web").unwrap();
    assert_eq!((web.memory_mb, web.vcpus, web.architecture.as_str()), (1024, 1, "x86_64"));
    let registry = folder.path().join(".vm-registry.json");
    let text = fs::read_to_string(&registry).unwrap();
    for (old, new) in [
        ("\"memory_mb\": 1024", "\"memory_mb\": 99999999999"),
        ("\"memory_mb\": 1024", "\"memory_mb\": -1"),
        ("\"vcpus\": 1", "\"vcpus\": 100000"),
        ("\"x86_64\"", "\"x86_64,accel=tcg\""),
        ("52:54:00:4b:5e:57", "ff:ff:ff:ff:ff:ff"),
        ("\"created\"", "\"net_mode\": \"other\", \"created\""),
        ("\"created\"", "\"disk\": \"relative.img\", \"disk_format\": \"raw\", \"created\""),
        ("\"created\"", "\"disk\": \"/dev/null\", \"disk_format\": \"raw\", \"created\""),
        ("\"created\"", "\"disk\": \"/etc/hostname\", \"disk_format\": \"qcow2\", \"created\""),
    ] {
        assert!(text.contains(old), "{text}");
        fs::write(&registry, text.replacen(old, new, 1)).unwrap();
        assert!(data.read("web").is_err(), "{new}");
    }
    fs::write(&registry, &text).unwrap();
    let bridged = NetworkChoice { mode: StartMode::Bridged, bridge: Some("br0".to_owned()) };
    data.remember("web", &bridged).unwrap();
    assert_eq!(data.read("web").unwrap().network, Some(bridged.clone()));
    let written = fs::read(&registry).unwrap();
    let number = fs::metadata(&registry).unwrap().ino();
    data.remember("web", &bridged).unwrap();
    assert_eq!(fs::metadata(&registry).unwrap().ino(), number, "nothing was written");
    assert_eq!(fs::read(&registry).unwrap(), written);
    let shared = NetworkChoice { mode: StartMode::Shared, bridge: None };
    data.remember("web", &shared).unwrap();
    assert_eq!(data.read("web").unwrap().network, Some(shared.clone()));
    assert_eq!(data.networks().unwrap(), [("web".to_owned(), shared.clone())].into());
    fs::write(&registry, r#"{"vms":{}}"#).unwrap();
    data.remember("web", &shared).unwrap();
    assert_eq!(data.read("web").unwrap().network, Some(shared), "it was not registered");
    fs::write(web.disk, "not an image").unwrap();
    let error = said(folder.path(), &data.read("web").unwrap_err());
    assert_eq!(error, "DATA/vms/web/web.qcow2: is not a qcow2 image");
}

#[test]
fn directories_of_others_and_for_everybody_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path());
    for place in ["", "vms", ".vmkit"] {
        let path = folder.path().join(place);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        let error = DataDirectory::open(&location(folder.path())).unwrap_err();
        assert!(error.to_string().contains("everybody can write"), "{error}");
        assert!(error.hint().unwrap().starts_with("chmod o-w /"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    // Only root can give files away.
    if !geteuid().is_root() {
        return;
    }
    for place in ["", "vms", ".vmkit"] {
        let path = folder.path().join(place);
        chown(&path, Some(12345), None).unwrap();
        let error = DataDirectory::open(&location(folder.path())).unwrap_err();
        assert!(error.to_string().ends_with(": it belongs to user 12345"), "{error}");
        assert_eq!(error.hint().unwrap(), "run vm as that user: sudo -u '#12345' vm …");
        chown(&path, Some(0), None).unwrap();
    }
    let data = open(folder.path());
    let web = make(&data, "web").unwrap();
    for file in ["console.log", "web.pid", "web.qcow2", "../../.vm-registry.json"] {
        let path = web.directory.join(file);
        let is_new = !path.exists();
        fs::OpenOptions::new().append(true).create(true).open(&path).unwrap();
        chown(&path, Some(12345), None).unwrap();
        let error = data.read("web").unwrap_err();
        assert!(matches!(error, MachineError::Foreign { owner: 12345, .. }), "{error}");
        if is_new { fs::remove_file(path).unwrap() } else { chown(path, Some(0), None).unwrap() }
    }
    let (path, tree) = (PathBuf::from("/d/my vms/web.pid"), PathBuf::from("/d/my vms"));
    let of_root = |is_in_own| {
        let (path, tree) = (PathBuf::clone(&path), PathBuf::clone(&tree));
        MachineError::Foreign { path, tree, owner: 0, user: 1000, group: 100, is_in_own }
    };
    let expected =
        "an earlier run as root left it; to take it back: sudo chown -R 1000:100 '/d/my vms'";
    assert_eq!(of_root(true).hint().unwrap(), expected);
    // What is rightly root's is not the user's to take.
    let other = "name a data directory of your own: --data-dir DIR";
    assert_eq!(of_root(false).hint().unwrap(), other);
}
