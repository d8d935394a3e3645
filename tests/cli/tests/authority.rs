//! What guests and relays say, and what is written of it. Each snapshot is a lie or a doubt.
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{fs, path::Path};

use vmkit_cli_tests::{Output, run};

fn snapshot(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
    path.to_str().unwrap().to_owned()
}

/// Runs `hosts-sync --apply` on a new file, and returns the answer and the lines that it wrote.
fn written(snapshot_name: &str, before: &str) -> (Output, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("hosts");
    fs::write(&file, before).unwrap();
    let from = snapshot(snapshot_name);
    let output = run(&[
        "hosts-sync",
        "--json",
        "--apply",
        "--file",
        file.to_str().unwrap(),
        "--from",
        &from,
    ]);
    let text = fs::read_to_string(&file).unwrap();
    let lines =
        text.lines().filter(|line| !line.starts_with('#') && *line != "127.0.0.1 localhost");
    let lines =
        lines.map(|line| line.split('#').next().unwrap().replace('\t', " ").trim().to_owned());
    (output, lines.collect())
}

/// A snapshot, its machine, its verdict with the address, why no line is written, and the flags.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

#[test]
fn writes_nothing_that_only_a_guest_or_a_relay_vouches_for() {
    let rows: [Row; 2] = [
        (
            "lying-guest",
            "web",
            "probable 203.0.113.66",
            "203.0.113.66 is in no network of this computer",
            &["off-subnet"],
        ),
        (
            "relay",
            "web",
            "probable 192.168.1.64",
            "192.168.1.64 was seen with a MAC that is not the VM's",
            &["mac-mismatch"],
        ),
    ];
    for (name, machine, verdict, why, flags) in rows {
        let shown = run(&["status", "--json", "--from", &snapshot(name)]).machine(machine);
        let word = |key: &str| shown[key].as_str().unwrap_or("-").to_owned();
        let found = format!("{} {}", word("verdict"), word("ip"));
        assert_eq!(found, verdict, "{name}: {shown:#}");
        let first = &shown["candidates"][0];
        for flag in flags {
            assert!(
                first["flags"].as_array().unwrap().iter().any(|it| it == flag),
                "{name}: {first:#}"
            );
        }
        let (output, lines) = written(name, "127.0.0.1 localhost\n");
        assert_eq!(lines, [""; 0], "{name}");
        assert_eq!(output.machine(machine)["reason"], why, "{name}");
    }
}

#[test]
fn writes_the_own_address_and_not_the_floating_one() {
    let (_, lines) = written("floating-address", "127.0.0.1 localhost\n");
    assert_eq!(lines, ["192.168.1.51 cp1"]);
}

#[test]
fn a_line_with_the_floating_address_is_corrected() {
    let before =
        "127.0.0.1 localhost\n# BEGIN vmkit: x\n192.168.1.20\tcp1\t# vm cp1\n# END vmkit\n";
    let (_, lines) = written("floating-address", before);
    assert_eq!(lines, ["192.168.1.51 cp1"]);
}

#[test]
fn two_guests_with_one_host_name_both_lose_it_and_it_is_said() {
    let (output, lines) = written("shared-host-name", "127.0.0.1 localhost\n");
    assert_eq!(lines, ["192.168.1.64 alpha", "192.168.1.65 beta"]);
    let text = output.json().to_string();
    assert!(text.contains("the VM beta has this host name, too"), "{text}");
}
