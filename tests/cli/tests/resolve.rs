//! `vm resolve` for scripts: it prints only an address, or nothing and a reason.
#![cfg(target_os = "linux")]

use std::{fs, net::IpAddr, path::Path};

use vmkit_cli_tests::{DataDirectory, Output, copy_for_everybody, run};

/// A Mac with three VMs: `quiet` has a process and no address, `off` no process.
fn macos() -> String {
    format!("{}/data/macos-bridged", env!("CARGO_MANIFEST_DIR"))
}

/// Status, standard output, standard error.
type Row<'a> = (&'a str, i32, &'a str, String);

fn check(rows: &[Row<'_>], resolve: impl Fn(&str) -> Output) {
    for (name, status, stdout, stderr) in rows {
        let output = resolve(name);
        output.assert_harmless();
        let said = (output.status, output.stdout.as_str(), output.stderr.as_str());
        assert_eq!(said, (*status, *stdout, stderr.as_str()), "{name}");
    }
}

#[test]
fn prints_only_the_address() {
    // A path that needs quotes is not repeated.
    let snapshot = copy_for_everybody(Path::new(&macos()));
    let from = snapshot.path().display().to_string();
    let next = |name: &str| format!("next: vm status {name} --from {from}");
    let rows = [
        ("web", 0, "192.168.1.64\n", String::new()),
        (
            "quiet",
            1,
            "",
            format!("quiet has no usable address: none found; {} --explain\n", next("quiet")),
        ),
        ("off", 1, "", format!("off is stopped; next: vm doctor off --from {from}\n")),
    ];
    check(&rows, |name| run(&["resolve", name, "--from", &from]));
}

#[test]
fn names_the_state_of_a_stopped_vm_and_the_next_command() {
    let mut directory = DataDirectory::new();
    directory.add("off");
    directory.add("held");
    // This QEMU starts paused.
    directory.start("held");
    directory.write(".vm-registry.json", r#"{"vms":{"gone":{"name":"gone"}},"version":"1.0"}"#);
    let root = directory.path("");
    let vm = format!("vm --data-dir {}", root.display().to_string().trim_end_matches('/'));
    let gone =
        format!("gone is registered, but its directory is missing; next: {vm} status gone\n");
    let rows = [
        ("off", 1, "", format!("off is stopped; next: {vm} start off\n")),
        ("held", 1, "", format!("held is paused; next: {vm} resume held\n")),
        ("gone", 1, "", gone),
    ];
    check(&rows, |name| directory.run(&["resolve", name]));
}

#[test]
fn prints_nothing_on_errors() {
    let directory = DataDirectory::new();
    directory.add("web");
    let rows: &[(&[&str], &str)] = &[
        (&["resolve", "wbe"], "there is no VM named `wbe`"),
        (&["resolve"], "NAME"),
        (&["resolve", "web", "extra"], "unexpected argument"),
        (&["resolve", "web", "--from", "/nonexistent"], "/nonexistent"),
    ];
    for (arguments, stderr) in rows {
        let output = directory.run(arguments);
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{arguments:?}: {output:?}");
        assert!(output.stderr.contains(stderr), "{arguments:?}: {output:?}");
    }
}

/// The Mac's snapshot with another content of one file.
fn altered(file: &str, content: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("make a directory");
    for file in [
        "snapshot.json",
        "probes.json",
        "neigh/arp-an.txt",
        "console/web.log",
        "leases/dhcpd_leases",
    ] {
        let place = copy.path().join(file);
        fs::create_dir_all(place.parent().expect("it lies in a directory")).expect("make it");
        fs::copy(Path::new(&macos()).join(file), place).expect("copy a file");
    }
    let place = copy.path().join(file);
    fs::create_dir_all(place.parent().expect("it lies in a directory")).expect("make it");
    fs::write(place, content).expect("write a file");
    copy
}

#[test]
fn an_ambiguous_address_is_a_finding_and_not_printed() {
    // Two addresses have the MAC of `quiet`, and neither answers.
    let table = "? (192.168.1.70) at 52:54:0:0:0:99 on en0 ifscope [ethernet]\n\
                 ? (192.168.1.71) at 52:54:0:0:0:99 on en0 ifscope [ethernet]\n";
    let copy = altered("neigh/arp-an.txt", table);
    let from = copy.path().to_str().expect("a temporary path is UTF-8");
    let output = run(&["resolve", "quiet", "--from", from]);
    assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{output:?}");
    let odds = "quiet has no usable address: 192.168.1.70 ? ";
    assert!(output.stderr.starts_with(odds), "{output:?}");
    assert!(output.stderr.contains(" %, 1 more; next: "), "{output:?}");
    let json = run(&["resolve", "quiet", "--from", from, "--json"]);
    assert_eq!(json.status, 3, "{json:?}");
    let document = json.json();
    assert_eq!(document["verdict"], "ambiguous");
    assert_eq!(document["ip"], serde_json::Value::Null);
    let said = document["unknown"]["ip"].as_str().expect("a reason");
    assert!(said.starts_with("192.168.1.70 ? ") && said.ends_with(" %, 1 more"), "{said}");
    let status = run(&["status", "quiet", "--from", from, "--json"]).machine("quiet");
    assert_eq!((&status["ip"], &status["verdict"]), (&document["ip"], &document["verdict"]));
    assert_eq!(status["candidates"][0]["ip"], "192.168.1.70");
}

#[test]
fn writes_only_an_address_to_standard_output() {
    let hostile = "cloud-init[387]: ci-info: | enp0s1 | True | 192.168.1.64;reboot | 255.255.255.0 \
                   | global | 52:54:00:4b:5e:07 |\n\
                   udhcpc: lease of $(reboot) obtained from `id`\n\x1b[2J\nweb login: ";
    let copy = altered("console/web.log", hostile);
    let from = copy.path().to_str().expect("a temporary path is UTF-8");
    for name in ["web", "quiet", "off"] {
        let output = run(&["resolve", name, "--from", from]);
        output.assert_harmless();
        let words: Vec<&str> = output.stdout.lines().collect();
        let addresses = words.iter().all(|word| word.parse::<IpAddr>().is_ok());
        assert!(addresses && words.len() <= 1, "{output:?}");
    }
}

#[test]
fn json_and_text_agree() {
    let output = run(&["resolve", "web", "--from", &macos(), "--json"]);
    output.assert_harmless();
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{output:?}");
    let document = output.json();
    assert_eq!(document["schema"], "vmkit.resolve/1");
    assert_eq!((&document["name"], &document["state"]), (&"web".into(), &"running".into()));
    assert_eq!(
        (&document["ip"], &document["verdict"]),
        (&"192.168.1.64".into(), &"resolved".into())
    );
}
