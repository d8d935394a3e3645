//! Plans for whole hosts files.

use std::time::{Duration, SystemTime};

use vmkit_hosts::{Decision, HostsFile, HostsMachine, Plan, Refusal, Request, Withheld, plan};

const FOREIGN: &str = "127.0.0.1\tlocalhost\n192.168.1.10 nas nas.lan\n";
const BLOCK: &str = "# BEGIN vmkit: `vm hosts-sync` writes the lines up to END; edits here are lost\n\
                     192.168.1.64\tweb\t# vm web\n# END vmkit\n";

/// The 24th of November 2026.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 20_781)
}

fn machine(name: &str, address: &str) -> HostsMachine {
    let address = address.parse().map_err(|_| Withheld::Doubtful(address.to_owned()));
    HostsMachine { name: name.to_owned(), hostname: None, address }
}

fn planned(file: &[u8], machines: &[HostsMachine], adopt: bool, only: Option<&[String]>) -> Plan {
    let own_names = ["mac".to_owned()];
    let request = Request { machines, only, own_names: &own_names, adopt, now: now() };
    let read = HostsFile::read(file).expect("a valid block");
    plan(&read, file, &request)
}

#[test]
fn appends_a_block_and_planning_again_changes_nothing() {
    let machines = [machine("web", "192.168.1.64")];
    let first = planned(FOREIGN.as_bytes(), &machines, false, None);
    assert_eq!(String::from_utf8(first.bytes.clone()).unwrap(), [FOREIGN, BLOCK].concat());
    assert_eq!(first.decisions["web"], Decision::Add);
    let again = planned(&first.bytes, &machines, false, None);
    assert!(again.changes_nothing(&first.bytes));
    assert_eq!(again.decisions["web"], Decision::Keep);
}

#[test]
fn updates_marks_and_removes_lines() {
    let file = [FOREIGN, BLOCK, "# mine\n"].concat();
    let with = |machines: &[HostsMachine]| {
        let plan = planned(file.as_bytes(), machines, false, None);
        (String::from_utf8(plan.bytes).unwrap(), plan.decisions["web"].clone())
    };
    let (text, decision) = with(&[machine("web", "192.168.1.70")]);
    assert_eq!(text, file.replace("192.168.1.64", "192.168.1.70"));
    assert_eq!(decision, Decision::Change { from: [192, 168, 1, 64].into() });

    let (text, decision) = with(&[machine("web", "no address")]);
    assert_eq!(text, file.replace("# vm web", "# vm web, stale since 2026-11-24"));
    assert_eq!(decision, Decision::Stale("no address".to_owned()));

    let why = "its address was not looked for".to_owned();
    let unseen =
        HostsMachine { address: Err(Withheld::NotChecked(why.clone())), ..machine("web", "") };
    assert_eq!(with(&[unseen]), (file.clone(), Decision::NotChecked(why)));

    let (text, decision) = with(&[]);
    assert_eq!(
        (text.as_str(), decision),
        ("127.0.0.1\tlocalhost\n192.168.1.10 nas nas.lan\n# mine\n", Decision::Remove)
    );
}

#[test]
fn writes_no_line_without_a_certain_address() {
    let plan = planned(FOREIGN.as_bytes(), &[machine("web", "no address")], false, None);
    assert!(plan.changes_nothing(FOREIGN.as_bytes()));
    assert_eq!(plan.decisions["web"], Decision::Omit(Refusal::Address("no address".to_owned())));
}

#[test]
fn does_not_write_names_that_others_have() {
    let twin = HostsMachine { hostname: Some("web".to_owned()), ..machine("twin", "192.168.1.65") };
    let rows = [
        (machine("nas", "192.168.1.64"), "line 2 already has this name"),
        (machine("NAS.lan", "192.168.1.64"), "line 2 already has this name"),
        (machine("localhost", "192.168.1.64"), "it is reserved"),
        (machine("mac", "192.168.1.64"), "this computer has the same name"),
        (machine("a b", "192.168.1.64"), "invalid name"),
    ];
    for (machine, expected) in rows {
        let plan = planned(FOREIGN.as_bytes(), std::slice::from_ref(&machine), false, None);
        assert!(plan.changes_nothing(FOREIGN.as_bytes()), "{}", machine.name);
        let Decision::Omit(why) = &plan.decisions[&machine.name] else { panic!("{machine:?}") };
        assert!(why.to_string().contains(expected), "{why}");
    }
    let plan = planned(b"", &[machine("web", "192.168.1.64"), twin], false, None);
    assert_eq!(plan.omitted_names.len(), 1);
    assert!(String::from_utf8(plan.bytes).unwrap().contains("192.168.1.65\ttwin\t# vm twin\n"));
}

#[test]
fn gives_a_host_name_of_two_machines_to_neither() {
    let named = |name: &str, address: &str, hostname: &str| HostsMachine {
        hostname: Some(hostname.to_owned()),
        ..machine(name, address)
    };
    let machines = [
        named("alpha", "192.168.1.64", "ubuntu"),
        named("beta", "192.168.1.65", "Ubuntu"),
        named("gamma", "no address", "ubuntu"),
        named("delta", "192.168.1.66", "own"),
    ];
    let plan = planned(b"", &machines, false, None);
    let text = String::from_utf8(plan.bytes.clone()).unwrap();
    for line in ["192.168.1.64\talpha\t#", "192.168.1.65\tbeta\t#", "192.168.1.66\tdelta own\t#"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.to_lowercase().contains("ubuntu"), "{text}");
    let omitted: Vec<_> =
        plan.omitted_names.iter().map(|(of, name, why)| format!("{of} {name}: {why}")).collect();
    let expected = [
        "alpha ubuntu: the VM beta has this host name, too",
        "beta Ubuntu: the VM alpha has this host name, too",
    ];
    assert_eq!(omitted, expected);

    // An earlier line loses the name, whichever machine it belongs to.
    let before = text.replace("\talpha\t", "\talpha ubuntu\t");
    let again = planned(before.as_bytes(), &machines, false, None);
    assert_eq!(String::from_utf8(again.bytes).unwrap(), text);
    let silent = [named("alpha", "no address", "ubuntu"), machines[1].clone(), machines[3].clone()];
    let stale = planned(before.as_bytes(), &silent, false, None);
    assert!(!String::from_utf8(stale.bytes).unwrap().contains("ubuntu"));
}

#[test]
fn takes_over_other_lines_only_when_asked() {
    let file = "127.0.0.1 localhost\n192.168.1.60 web\n192.168.1.61 web other\n";
    let machines = [machine("web", "192.168.1.64")];
    let kept = planned(file.as_bytes(), &machines, false, None);
    assert!(kept.changes_nothing(file.as_bytes()));
    assert_eq!(kept.decisions["web"], Decision::Omit(Refusal::Adoptable(2)));

    let file = "127.0.0.1 localhost\n192.168.1.60 web\n";
    let taken = planned(file.as_bytes(), &machines, true, None);
    assert_eq!(taken.adopted, [2]);
    assert_eq!(String::from_utf8(taken.bytes).unwrap(), ["127.0.0.1 localhost\n", BLOCK].concat());
}

#[test]
fn changes_only_the_lines_of_the_named_machines() {
    let file =
        BLOCK.replace("# END", "192.168.1.65\tdb\t# vm db\n192.168.1.66\tgone\t# vm gone\n# END");
    let machines = [machine("web", "192.168.1.70"), machine("db", "192.168.1.71")];
    let only = ["web".to_owned()];
    let plan = planned(file.as_bytes(), &machines, false, Some(&only));
    let expected = file.replace("192.168.1.64", "192.168.1.70");
    let lines = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&String::from_utf8(plan.bytes).unwrap()), lines(&expected));
    assert_eq!(plan.decisions.keys().collect::<Vec<_>>(), ["web"]);
}

#[test]
fn reports_the_line_of_unmatched_marks() {
    let rows = [
        ("# BEGIN vmkit\n", "line 1: this `BEGIN vmkit` has no END"),
        ("x\n# END vmkit\n", "line 2: this `END vmkit` has no BEGIN"),
        ("# BEGIN vmkit\n# END vmkit\n# BEGIN vmkit\n# END vmkit\n", "line 3: a second `BEGIN"),
        ("# BEGIN vmkit\n# BEGIN vmkit\n# END vmkit\n", "line 2: a second `BEGIN"),
    ];
    for (file, expected) in rows {
        let error = HostsFile::read(file.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

/// Marsaglia's xorshift, which gives the same files on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("below a usize")
    }
}

/// Bytes around the block survive, planning twice changes nothing, and removing all machines
/// restores the file.
#[test]
fn keeps_every_byte_outside_of_the_block() {
    const PIECES: [&[u8]; 12] = [
        b"127.0.0.1 localhost",
        b"\n",
        b"\r\n",
        b"\n\n",
        b"# comment",
        b"\xff\xfe\x00",
        b"  ",
        b"10.0.0.9 web",
        b"::1 ip6-localhost",
        b"\r",
        b"\t",
        b"0.0.0.0 ads.test ads.example",
    ];
    let mut random = Random(0x5eed_4057);
    for round in 0..5_000 {
        let pieces = random.below(24);
        let file: Vec<u8> =
            (0..pieces).flat_map(|_| PIECES[random.below(PIECES.len())].to_vec()).collect();
        let machines = [machine("db", "192.168.1.64"), machine("api", "192.168.1.65")];
        let written = planned(&file, &machines, false, None).bytes;
        let begin = written.windows(13).position(|window| window == b"# BEGIN vmkit").unwrap();
        assert!(written[..begin].starts_with(&file), "round {round}");
        let again = planned(&written, &machines, false, None);
        assert_eq!(again.bytes, written, "round {round}");
        assert_eq!(planned(&written, &[], false, None).bytes, file, "round {round}");
    }
}
