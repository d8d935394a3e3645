use serde_json::{Value, json};

use super::*;

fn check(machines: &[Value], most: usize) -> Checked {
    let read = |machine: &Value| serde_json::from_value(machine.clone()).unwrap();
    let prove = |pid| {
        if pid == 42 { Ok(()) } else { Err(Unread::Failed(format!("no process {pid}"))) }
    };
    let proof = Proof { prove, processes_only: false };
    checked(machines.iter().map(read).collect(), most, Some(proof))
}

fn one(fields: &Value) -> ListedMachine {
    let mut machine = json!({"id": "1", "name": "web"});
    let both = machine.as_object_mut().unwrap();
    both.extend(fields.as_object().unwrap().clone());
    check(&[machine], 10).machines.remove(0)
}

#[test]
fn a_machine_that_cannot_be_told_from_others_is_dropped_and_hides_none() {
    let long = "x".repeat(LONGEST_NAME + 1);
    let machines = [
        json!({"id": "1", "name": "web"}),
        json!({"id": "1", "name": "twin"}),
        json!({"id": "2", "name": "a\u{1b}[2Jb"}),
        json!({"id": "3", "name": " "}),
        json!({"id": "4", "name": long}),
        json!({"id": "", "name": "nobody"}),
        json!({"name": "nobody"}),
        json!({}),
        json!({"id": "5", "name": "Büro 🖥\u{200d}️"}),
    ];
    let Checked { machines, problems, .. } = check(&machines, 10);
    let names: Vec<_> = machines.iter().map(|machine| machine.name.as_str()).collect();
    assert_eq!(names, ["web", "Büro 🖥\u{200d}️"]);
    assert_eq!(problems.len(), 7, "{problems:?}");
    assert!(problems[0].contains("\"twin\" has the id of another"), "{problems:?}");
    assert!(!problems.concat().contains('\u{1b}'), "{problems:?}");
}

#[test]
fn more_machines_than_are_kept_are_a_problem() {
    let machines: Vec<_> = (0..4).map(|id| json!({"id": id.to_string(), "name": "x"})).collect();
    let Checked { machines, problems, .. } = check(&machines, 3);
    assert_eq!((machines.len(), problems.len()), (3, 1));
    let nameless = vec![json!({}); MOST_PROBLEMS + 5];
    let problems = check(&nameless, 100).problems;
    assert_eq!(problems.last().unwrap(), "5 more machines that cannot be used");
}

#[test]
fn a_state_needs_a_process_that_proves_it() {
    let failed = |what: &str| Reading::Unknown(Unread::Failed(what.to_owned()));
    let says = "its manager says running, and no process proves it";
    let rows = [
        (json!({"state": "running", "pid": 42}), Reading::Known(MachineState::Running)),
        (json!({"state": "paused", "pid": 42}), Reading::Known(MachineState::Paused)),
        (json!({"state": "running", "pid": 43}), failed("no process 43")),
        (json!({"state": "running", "pid": null}), failed(says)),
        (json!({"state": "running"}), failed(says)),
        (json!({"state": "stopped"}), Reading::Known(MachineState::Stopped)),
        (json!({"state": null}), Reading::Absent),
    ];
    for (fields, expected) in rows {
        assert_eq!(one(&fields).state, expected, "{fields}");
    }
    let both = [
        json!({"id": "1", "name": "a", "pid": 42, "state": "running"}),
        json!({"id": "2", "name": "b", "pid": 42, "state": "running"}),
    ];
    let machines = check(&both, 10).machines;
    assert_eq!(machines[0].pid, Reading::Known(42));
    let why = Unread::Failed("another machine has the process 42".to_owned());
    assert_eq!(machines[1].pid, Reading::Unknown(why));
}

#[test]
fn a_machine_whose_process_is_not_proven_leads_nowhere() {
    let fields = json!({
        "id": "1", "name": "web", "pid": 43, "state": "running", "ssh": "127.0.0.1:6666",
        "forwards": [{"protocol": "tcp", "listens": "127.0.0.1:6666", "guest_port": 22}],
        "console": "/home/ann/.ssh/id_ed25519",
        "cards": [{"mac": "52:54:00:4b:5e:57", "mode": "user"}], "disks": ["/vms/web.qcow2"],
    });
    for processes_only in [false, true] {
        let prove = |_| Err(Unread::Failed("it runs su".to_owned()));
        let item = serde_json::from_value(fields.clone()).unwrap();
        let found = checked(vec![item], 10, Some(Proof { prove, processes_only }));
        let machine = &found.machines[0];
        assert!(found.unproven.contains("1"));
        assert_eq!(machine.ssh.as_ref().known(), None);
        assert_eq!(machine.forwards.as_ref().known(), None);
        assert_eq!(machine.console.as_ref().known(), None);
        assert_eq!(machine.cards.as_ref().known().is_some(), !processes_only);
        assert_eq!(machine.disks.as_ref().known().is_some(), !processes_only);
    }
    assert!(check(&[json!({"id": "1", "name": "web", "pid": 42})], 10).unproven.is_empty());
}

#[test]
fn the_word_of_a_manager_without_processes_here_counts() {
    let item = json!({"id": "1", "name": "web", "state": "running", "pid": 42});
    let item = serde_json::from_value(item).unwrap();
    let none = Some(|_: u32| Ok(())).filter(|_| false);
    let none = none.map(|prove| Proof { prove, processes_only: false });
    let machine = checked(vec![item], 10, none).machines.remove(0);
    assert_eq!(machine.state, Reading::Known(MachineState::Running));
    assert_eq!(machine.pid, Reading::Absent);
}

#[test]
fn fields_that_cannot_be_right_are_unknown() {
    let malformed = |what: &str| Unread::Malformed(what.to_owned());
    let paths = ["relative.log", "/a/../b", "", "/a\nb", "/a\u{0}b"];
    for path in paths {
        let machine = one(&json!({"console": path, "disks": ["/fine", path]}));
        let why = Reading::Unknown(malformed(&format!("console: {path}")));
        assert_eq!(machine.console, why);
        assert!(matches!(machine.disks, Reading::Unknown(_)), "{path:?}");
    }
    let words = ["-oProxyCommand=x", "a b", "a;b", "", "a\u{1b}"];
    for word in words {
        let machine = one(&json!({"username": word, "hostname": word}));
        let unknown = Reading::Unknown(malformed(&format!("username: {word}")));
        assert_eq!(machine.username, unknown);
        assert!(matches!(machine.hostname, Reading::Unknown(_)), "{word:?}");
    }
    for ssh in ["127.0.0.1:0", "0.0.0.0:22", "224.0.0.1:22"] {
        assert_eq!(
            one(&json!({"ssh": ssh})).ssh,
            Reading::Unknown(malformed(&format!("ssh: {ssh}")))
        );
    }
    let many = vec!["/disk"; MOST_ITEMS + 1];
    assert_eq!(
        one(&json!({"disks": many})).disks,
        Reading::Unknown(malformed("disks: more than 256"))
    );
    let long = "x".repeat(5000);
    let machine = one(&json!({"unknown": {"console": {"why": "denied", "what": long}}}));
    assert!(matches!(machine.console, Reading::Unknown(Unread::Denied(what)) if what.len() == 300));
}

#[test]
fn what_no_machine_can_have_is_left_away() {
    let machine = one(&json!({
        "cards": [{"mac": "ff:ff:ff:ff:ff:ff", "interface": "br 0", "port": "tap0"}],
        "addresses": ["127.0.0.1", "192.168.1.7", "224.0.0.1"],
        "forwards": [
            {"protocol": "tcp", "listens": "127.0.0.1:2222", "guest_port": 22},
            {"protocol": "tcp", "listens": "127.0.0.1:0", "guest_port": 22},
        ],
    }));
    assert_eq!(machine.cards, Reading::Known(vec!["- - - tap0".parse().unwrap()]));
    assert_eq!(machine.addresses, Reading::Known(vec!["192.168.1.7".parse().unwrap()]));
    assert_eq!(machine.forwards.known().unwrap().len(), 1);
}

#[test]
fn a_remark_is_about_a_plain_name_or_nothing() {
    let rows = [
        ("default", Some("default")),
        ("br0_lan.7-x", Some("br0_lan.7-x")),
        ("default;reboot", None),
        ("$(reboot)", None),
        ("-f", None),
    ];
    for (about, expected) in rows {
        let given = Remark {
            code: Remark::NETWORK_INACTIVE.into(),
            about: Some(about.to_owned()),
            says: "it is off".into(),
        };
        assert_eq!(remark(&given).about.as_deref(), expected, "{about}");
    }
}
