//! Data directories as they are found, good and bad.

mod support;

use std::{
    collections::HashSet,
    fs::{self, File},
    os::unix::fs::{PermissionsExt as _, symlink},
    time::{Duration, SystemTime},
};

use support::{Data, Fake, names, of};
use vmkit_inventory::{Depth, Monitors, derived_mac, read, with_listings};
use vmkit_model::{End, Listing, Power, Severity};
use vmkit_types::{ListedMachine, Reading, Unread};

fn known(text: &str) -> Reading<String> {
    Reading::Known(text.to_owned())
}

#[test]
fn lists_registered_and_unregistered_machines_by_name() {
    let data = Data::new();
    data.registry(
        r#""web":{"hostname":"web.lan","username":"u","memory_mb":4096,"vcpus":2},"gone":{}"#,
    );
    data.machine("web");
    data.machine("alone");
    data.write("vms/alone/cloud-init/user-data", "hostname: a1\nusers:\n  - name: me\n");
    data.write("vms/notes/readme.txt", "no machine");
    data.write("vms/file", "no machine");
    let inventory = data.read(&Fake::default(), Depth::ProcessesOnly);
    assert_eq!(names(&inventory), ["alone", "gone", "web"]);
    assert_eq!(inventory.problems, []);
    let alone = of(&inventory, "alone");
    assert_eq!((&alone.hostname, &alone.username), (&known("a1"), &known("me")));
    assert_eq!((alone.power, &alone.memory_mb), (Power::Stopped, &Reading::Absent));
    assert_eq!(of(&inventory, "gone").power, Power::Missing);
    let web = of(&inventory, "web");
    assert_eq!((&web.hostname, &web.username), (&known("web.lan"), &known("u")));
    assert_eq!((&web.memory_mb, &web.vcpus), (&Reading::Known(4096), &Reading::Known(2)));
    assert_eq!(web.qmp, Reading::Unknown(Unread::NotTried));
    assert_eq!(web.cards.first.net, Reading::Unknown(Unread::NotTried));
    assert_eq!((&*web.manager, web.console_log.as_ref()), ("vm-toolkit", None));
}

/// A pid file that is left, the first process of the computer, and how the machine's ended.
#[test]
fn infers_how_a_process_ended_from_the_pid_file_that_it_left() {
    let data = Data::new();
    let web = data.machine("web");
    let later = SystemTime::now() + Duration::from_hours(1);
    let first = |started_at| {
        let mut platform = Fake::default().with(1, "init");
        if let Reading::Known(processes) = &mut platform.processes {
            processes[0].started_at = Reading::Known(started_at);
        }
        platform
    };
    let rows = [
        ("shut down", None, first(SystemTime::UNIX_EPOCH), Reading::Absent),
        ("killed", Some("99"), first(SystemTime::UNIX_EPOCH), Reading::Known(End::ByItself)),
        ("before a reboot", Some("99"), first(later), Reading::Known(End::WithComputer)),
    ];
    for (case, pid_file, platform, expected) in rows {
        let path = web.join("web.pid");
        match pid_file {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap_or(()),
        }
        let inventory = data.read(&platform, Depth::ProcessesOnly);
        let found = of(&inventory, "web");
        assert_eq!((found.power, &found.end), (Power::Stopped, &expected), "{case}");
    }
    fs::write(web.join("web.pid"), "99").unwrap();
    let inventory = data.read(&Fake::default(), Depth::ProcessesOnly);
    assert!(matches!(of(&inventory, "web").end, Reading::Unknown(_)), "no first process is seen");
}

/// A process table and a pid file, and what they prove for `web`.
#[test]
fn accepts_a_pid_only_with_a_proof() {
    let data = Data::new();
    let web = data.machine("web");
    let db = data.machine("db");
    let own = Data::qemu(&web, "-m 256");
    let sudo = format!("sudo {own}");
    let fake = Fake::default;
    let table = [
        ("no process", None, fake(), Power::Stopped, None),
        ("own pid file", Some("17\n"), fake().with(17, &own), Power::Running, Some(17)),
        ("foreground start", None, fake().with(17, &own), Power::Running, Some(17)),
        ("stale, not in use", Some("99"), fake(), Power::Stopped, None),
        ("stale, another program", Some("17"), fake().with(17, "sleep 60"), Power::Stopped, None),
        (
            "stale, another machine",
            Some("17"),
            fake().with(17, &Data::qemu(&db, "-m 1")),
            Power::Stopped,
            None,
        ),
        (
            "stale, foreign QEMU",
            Some("17"),
            fake().with(17, "qemu-system-x86_64 -m 1"),
            Power::Stopped,
            None,
        ),
        (
            "stale, and runs elsewhere",
            Some("17"),
            fake().with(17, "sh").with(18, &own),
            Power::Running,
            Some(18),
        ),
        ("QEMU before sudo", None, fake().with(17, &sudo).with(18, &own), Power::Running, Some(18)),
        ("sudo alone", Some("17"), fake().with(17, &sudo), Power::Stopped, None),
        (
            "relative names",
            Some("17"),
            fake().with(17, "qemu-system-x86_64 -drive file=web.qcow2"),
            Power::Running,
            Some(17),
        ),
        (
            "relative names alone",
            None,
            fake().with(17, "qemu-system-x86_64 -drive file=web.qcow2"),
            Power::Unknown,
            None,
        ),
        (
            "a reader of its files",
            Some("17"),
            fake().with(17, &format!("tail -f {}/web.qcow2", web.display())),
            Power::Stopped,
            None,
        ),
        ("hidden", Some("17"), Fake { hidden: vec![17], ..fake() }, Power::Unknown, None),
        (
            "no table",
            None,
            Fake { processes: Reading::Unknown(Unread::Unsupported), ..fake() },
            Power::Unknown,
            None,
        ),
        ("not a number", Some("many"), fake(), Power::Stopped, None),
    ];
    for (case, pid_file, platform, power, pid) in table {
        let path = web.join("web.pid");
        match pid_file {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap_or(()),
        }
        let inventory = data.read(&platform, Depth::ProcessesOnly);
        let found = of(&inventory, "web");
        assert_eq!((found.power, found.pid), (power, pid), "{case}");
        let started = pid.map(|_| SystemTime::UNIX_EPOCH);
        assert_eq!(found.started_at, started, "{case}");
        let said = inventory.problems.iter().filter(|problem| problem.path.starts_with(&web));
        let expected = power == Power::Unknown || case == "not a number";
        assert_eq!(said.count(), usize::from(expected), "{case}: {:?}", inventory.problems);
    }
}

#[test]
fn reports_bad_files_and_still_lists_other_machines() {
    let data = Data::new();
    data.machine("good");
    data.machine("fifo");
    data.machine("huge");
    data.machine("loop");
    data.machine("binary");
    data.write("vms/bad\x1b[2Jname/bad\x1b[2Jname.qcow2", "");
    data.write(".vm-registry.json", "{\"vms\": {\"web\": ");
    let made = std::process::Command::new("mkfifo").arg(data.path("vms/fifo/fifo.mac")).status();
    assert!(made.unwrap().success());
    fs::File::create(data.path("vms/huge/huge.pid")).unwrap().set_len(20 << 30).unwrap();
    symlink(data.path("vms/loop/loop.mac"), data.path("vms/loop/loop.mac")).unwrap();
    data.write("vms/binary/binary.mac", [0xff, 0xfe, 0])
        .write("vms/binary/cloud-init/user-data", [0xff; 9]);
    fs::create_dir(data.path("vms/binary/console.log")).unwrap();
    let inventory = data.read(&Fake::default(), Depth::WithQmp);
    assert_eq!(names(&inventory), ["binary", "fifo", "good", "huge", "loop"]);
    let mut problems: Vec<_> = inventory
        .problems
        .iter()
        .map(|problem| {
            let path = problem.path.strip_prefix(data.path("")).unwrap().display();
            let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
            let message = problem.message.split(": ").next().unwrap();
            format!("{severity} {path} {message}")
        })
        .collect();
    problems.sort();
    let expected = [
        "error .vm-registry.json the registry ends in the middle of its JSON",
        "error vms/fifo/fifo.mac is not a regular file",
        "error vms/loop/loop.mac cannot be opened",
        "warning vms the directory `bad\\x1b[2Jname` is skipped",
        "warning vms/binary/binary.mac does not hold the MAC of a machine",
        "warning vms/huge/huge.pid is larger than 64 bytes",
    ];
    assert_eq!(problems, expected);
    // A directory in its place is for the reader of the log to refuse, not to be taken for no log.
    let log = data.path("vms/binary/console.log");
    assert_eq!(of(&inventory, "binary").console_log, Some(log));
    assert_eq!(of(&inventory, "fifo").cards.first.mac, Reading::Known(derived_mac("fifo")));
    assert!(matches!(
        of(&inventory, "fifo").cards.first.recorded_mac,
        Reading::Unknown(Unread::Failed(_))
    ));
}

#[test]
fn examines_a_listed_log_of_a_machine_of_the_directory_too() {
    let data = Data::new();
    data.machine("web");
    data.write("vms/web/web.pid", "17").write("other/old.log", "x").write("other/new.log", "x");
    let line =
        format!("qemu-system-x86_64 -drive file={}/web.qcow2", data.path("vms/web").display());
    let platform = Fake::default().with(17, &line);
    let old = File::options().append(true).open(data.path("other/old.log")).unwrap();
    old.set_modified(SystemTime::UNIX_EPOCH - Duration::from_hours(1)).unwrap();
    for (name, is_kept) in [("other/old.log", false), ("other/new.log", true)] {
        let log = data.path(name);
        let mut listed = ListedMachine::new("1", "web");
        listed.pid = Reading::Known(17);
        listed.console = Reading::Known(log.to_str().unwrap().to_owned());
        let listings = [Listing {
            manager: "qemu".into(),
            machines: vec![listed],
            bundled: true,
            unproven: HashSet::new(),
        }];
        let of_directory = (data.read(&platform, Depth::ProcessesOnly), Monitors::default());
        let (inventory, _) = with_listings(of_directory, &listings, &platform, None);
        assert_eq!(names(&inventory), ["web"]);
        assert_eq!(of(&inventory, "web").console_log, is_kept.then_some(log), "{name}");
    }
}

#[test]
fn ignores_a_log_that_was_not_written_since_the_start() {
    let data = Data::new();
    data.machine("web");
    data.write("vms/web/web.pid", "17");
    data.write("vms/web/console.log", "lease of 192.168.1.64 obtained");
    let log = data.path("vms/web/console.log");
    let line =
        format!("qemu-system-x86_64 -drive file={}/web.qcow2", data.path("vms/web").display());
    // The fake process starts at the epoch.
    for (written, left_out) in [(-3600, true), (-1, false), (5, false)] {
        let offset = Duration::from_secs(i64::unsigned_abs(written));
        let epoch = SystemTime::UNIX_EPOCH;
        let time = if written < 0 { epoch - offset } else { epoch + offset };
        File::options().append(true).open(&log).unwrap().set_modified(time).unwrap();
        let of_running = data.read(&Fake::default().with(17, &line), Depth::ProcessesOnly);
        assert_eq!(of(&of_running, "web").console_log.is_none(), left_out, "{written} s");
        let of_stopped = data.read(&Fake::default(), Depth::ProcessesOnly);
        assert!(of(&of_stopped, "web").console_log.is_some(), "{written} s");
    }
}

#[test]
fn validates_names_and_directories_of_the_registry() {
    let data = Data::new();
    let elsewhere = Data::new();
    let outside = elsewhere.machine("outside");
    data.machine("relative");
    data.machine("climbing");
    data.write("vms/flat", "a file");
    data.registry(&format!(
        r#""outside":{{"directory":"{}"}},"relative":{{"directory":"vms/relative"}},
           "climbing":{{"directory":"{}/../x"}},"flat":{{}},"list":[],"../etc":{{}},"":{{}}"#,
        outside.display(),
        data.path("vms").display(),
    ));
    let line = Data::qemu(&outside, "-m 1");
    let inventory = data.read(&Fake::default().with(5, &line), Depth::ProcessesOnly);
    let powers: Vec<_> = inventory.machines.iter().map(|m| (m.name.as_str(), m.power)).collect();
    let expected = [
        ("climbing", Power::Stopped),
        ("flat", Power::Missing),
        ("list", Power::Missing),
        ("outside", Power::Running),
        ("relative", Power::Stopped),
    ];
    assert_eq!(powers, expected);
    assert_eq!(of(&inventory, "outside").directory, Some(outside));
    assert_eq!(of(&inventory, "relative").directory, Some(data.path("vms/relative")));
    // Two directories, one file in a directory's place, one list, two names.
    assert_eq!(inventory.problems.len(), 6, "{:?}", inventory.problems);
}

#[test]
fn machines_that_any_user_could_have_put_there_are_skipped() {
    /// What is open to everybody, the machines that are left, and what is reported.
    type Row<'a> = (&'a str, u32, &'a [&'a str], &'a [&'a str]);
    let rows: [Row<'_>; 7] = [
        ("", 0o755, &["alone", "outside", "web"], &[]),
        ("vms", 0o775, &["alone", "outside", "web"], &[]),
        (".vm-registry.json", 0o666, &["alone", "web"], &[".vm-registry.json"]),
        ("", 0o777, &[], &[".vm-registry.json", "vms"]),
        ("vms", 0o777, &["outside"], &["vms", "vms/web"]),
        ("vms", 0o1777, &["alone", "outside", "web"], &[]),
        ("vms/web", 0o777, &["alone", "outside"], &["vms/web"]),
    ];
    for (open, mode, left, reported) in rows {
        let (data, elsewhere) = (Data::new(), Data::new());
        data.machine("web");
        data.machine("alone");
        let outside = elsewhere.machine("outside");
        let entry = format!(r#""web":{{}},"outside":{{"directory":"{}"}}"#, outside.display());
        data.registry(&entry);
        fs::set_permissions(data.path(open), fs::Permissions::from_mode(mode)).unwrap();
        let inventory = data.read(&Fake::default(), Depth::ProcessesOnly);
        assert_eq!(names(&inventory), left, "{open} {mode:o}");
        let problems: Vec<_> =
            inventory.problems.iter().map(|it| (&it.path, it.severity)).collect();
        let paths: Vec<_> = reported.iter().map(|path| data.path(path)).collect();
        let expected: Vec<_> = paths.iter().map(|path| (path, Severity::Error)).collect();
        assert_eq!(problems, expected, "{open} {mode:o}");
    }
}

#[test]
fn follows_a_link_to_the_data_directory() {
    let data = Data::new();
    let directory = data.machine("web");
    let links = tempfile::tempdir().unwrap();
    let link = links.path().join("data");
    symlink(data.path(""), &link).unwrap();
    let location = vmkit_inventory::Location::at(&link, vmkit_inventory::Source::Flag);
    let canonical = directory.canonicalize().unwrap();
    for seen in [canonical, link.join("vms/web")] {
        let platform = Fake::default().with(5, &Data::qemu(&seen, "-m 1"));
        let inventory = read(&location, &platform, None, Depth::ProcessesOnly);
        assert_eq!(of(&inventory, "web").power, Power::Running, "{}", seen.display());
    }
}

#[test]
fn reports_a_missing_data_directory_once() {
    let directory = tempfile::tempdir().unwrap();
    for (source, severity) in [
        (vmkit_inventory::Source::Flag, Severity::Error),
        (vmkit_inventory::Source::Default, Severity::Warning),
    ] {
        let path = directory.path().join("missing");
        let location = vmkit_inventory::Location::at(&path, source);
        let inventory = read(&location, &Fake::default(), None, Depth::WithQmp);
        let problems: Vec<_> = inventory.problems.iter().map(|p| (&p.path, p.severity)).collect();
        assert_eq!(problems, [(&path, severity)]);
    }
    let empty = vmkit_inventory::Location::at(directory.path(), vmkit_inventory::Source::Flag);
    let inventory = read(&empty, &Fake::default(), None, Depth::WithQmp);
    assert_eq!((inventory.machines.len(), inventory.problems.len()), (0, 0));
}

#[test]
fn keeps_passwords_out_of_the_inventory() {
    let data = Data::new();
    data.machine("web");
    data.write(
        "vms/web/cloud-init/user-data",
        "password: s3cret\nusers:\n  - plain_text_passwd: s3cret\n    name: s3cret!\n",
    );
    let inventory = data.read(&Fake::default(), Depth::WithQmp);
    assert!(!format!("{inventory:?}").contains("s3cret"), "{inventory:?}");
}
