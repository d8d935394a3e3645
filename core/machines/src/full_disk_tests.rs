//! A disk that is full or cannot be written, in a mount namespace of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    MachineError,
    trial::{self, files, open, said},
};

/// Set for a process in a mount namespace of its own.
const FULL: &str = "VMKIT_TRIAL_FULL";

#[test]
fn on_a_full_disk_nothing_is_half_made_and_a_machine_can_be_destroyed() {
    if let Some(folder) = env::var_os(FULL).map(PathBuf::from) {
        fill_up(&folder);
        return;
    }
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("data");
    fs::create_dir(&folder).unwrap();
    let script = "mount -t tmpfs -o size=512k,mode=700 none \"$1\" && exec \"$2\" --exact \"$3\" --nocapture";
    let test =
        "full_disk_tests::on_a_full_disk_nothing_is_half_made_and_a_machine_can_be_destroyed";
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "--", "sh", "-c", script, "sh"]);
    command.arg(&folder).arg(env::current_exe().unwrap()).arg(test);
    let ended = command.env(FULL, &folder).output().unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&said));
}

fn fill_up(folder: &Path) {
    let data = open(folder);
    for name in ["web", "db"] {
        trial::make(&data, name, &vec![7; 20_000]).unwrap();
    }
    let before = files(folder);
    let error = trial::make(&data, "large", &vec![7; 1 << 20]).unwrap_err();
    assert!(error.to_string().starts_with("no space is left to write "), "{error}");
    assert_eq!(files(folder), before);
    let image = trial::image(folder.parent().unwrap(), "image.raw");
    let held = data.hold("copy").unwrap();
    let copied = data.make(&held, |build| {
        data.keep_base(build, &image)?;
        Ok(trial::entry(data.choose_mac("copy", None)?))
    });
    drop(held);
    let error = copied.unwrap_err();
    assert!(error.to_string().starts_with("no space is left to write "), "{error}");
    assert_eq!(files(folder), before);
    let filler = folder.join(".vmkit/filler");
    let mut size = 512 << 10;
    while size > 0 {
        use std::io::Write as _;
        let mut file = fs::OpenOptions::new().append(true).create(true).open(&filler).unwrap();
        if file.write_all(&vec![1; size]).is_err() {
            size /= 2;
        }
    }
    let error = trial::make(&data, "small", b"x").unwrap_err();
    assert!(matches!(error, MachineError::NoSpace { .. }), "{error}");
    assert_eq!(files(folder), before);
    data.destroy(&data.hold("web").unwrap()).unwrap();
    assert!(!folder.join("vms/web").exists());
    assert_eq!(vmkit_inventory::names(&data.location), ["db"]);
    data.read("db").unwrap();
    assert!(data.repair().unwrap().is_empty());
    let remounted = Command::new("mount").args(["-o", "remount,bind,ro"]).arg(folder).status();
    assert!(remounted.unwrap().success());
    let error = trial::make(&data, "late", b"disk").unwrap_err();
    assert!(said(folder, &error).contains("Read-only file system"), "{error}");
    let error = data.hold("db").and_then(|held| data.destroy(&held)).unwrap_err();
    assert!(said(folder, &error).contains("Read-only file system"), "{error}");
}
