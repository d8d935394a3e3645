//! SSH host keys on a real link: remembered at the first certain sight of a VM, asked for in doubt, and
//! distinguished from other VMs' keys.
#![cfg(target_os = "linux")]

use std::{fs, net::Ipv4Addr, path::Path, process::Command};

use serde_json::Value;
use vmkit_lab::{
    Guest, GuestKind, GuestPlan, Lab, LabError, PATIENCE, Process, or_skip, run, wait_until,
};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);

/// An OpenSSH server in the guest with a new key of this name. It ends when dropped.
fn ssh_server(lab: &Lab, guest: &Guest, name: &str) -> Result<Process, LabError> {
    let key = lab.folder().join(name);
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key))?;
    // It wants its folder of Debian's package, which only the package's service makes.
    let script = format!(
        "mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -f /dev/null -o PidFile=none -h {}",
        key.display()
    );
    let mut server = guest.namespace().expect("a namespace").command("sh");
    let server = Process::start(server.args(["-c", &script]), &lab.folder().join("sshd.log"))?;
    wait_until(PATIENCE, "an SSH server", || {
        let mut probe = lab.host().command("busybox");
        probe.args(["nc", "-w", "1", &ADDRESS.to_string(), "22"]);
        Ok(vmkit_lab::finish(&mut probe)?.stdout.starts_with("SSH-2.0-OpenSSH"))
    })?;
    Ok(server)
}

/// A guest that has [`ADDRESS`] and a server with the key `first`.
fn lab(test: &str) -> Option<(Lab, Guest, Process)> {
    let plan = GuestPlan::new("web", GuestKind::Namespace).without_ssh();
    let mut lab = or_skip(Lab::new(test))?;
    let guest = lab.start_at(&plan, ADDRESS).expect("a guest with a lease");
    let server = ssh_server(&lab, &guest, "first").expect("a server");
    Some((lab, guest, server))
}

/// From now on the guest's frames bear another MAC, as behind an access point that translates them.
fn leave_doubt(lab: &Lab, guest: &Guest) {
    let inside = guest.namespace().expect("a namespace");
    inside.ip("link set eth0 address 3c:00:00:00:00:07").expect("another MAC");
    lab.host().ip("neigh flush dev br0").expect("no entry");
    lab.greet(ADDRESS).expect("an answer");
}

/// The machine, and what the host key says of it.
fn status_and_key(lab: &Lab, arguments: &[&str]) -> (Value, Vec<String>) {
    let finished = lab.vm(arguments).expect("a status");
    let report: Value = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("no JSON ({error}): {finished:#?}"));
    let machine = report["vms"][0].clone();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let entries = list(&machine["candidates"]).into_iter().flat_map(|it| list(&it["evidence"]));
    let of_key = entries.filter(|entry| entry["signal"] == "ssh-key");
    let says = of_key.filter_map(|entry| entry["says"].as_str().map(str::to_owned)).collect();
    (machine, says)
}

/// The short form of a key of this test.
fn fingerprint(lab: &Lab, name: &str) -> String {
    let text = fs::read_to_string(lab.folder().join(name).with_extension("pub"));
    vmkit_ssh::fingerprint(&text.expect("a public key").parse().expect("a public key"))
}

fn remembered(lab: &Lab) -> String {
    let path = lab.folder().join("state/vmkit/host-keys.json");
    fs::read_to_string(path).unwrap_or_default()
}

const STATUS: [&str; 2] = ["status", "--json"];

#[test]
fn recognises_a_vm_by_its_key() {
    let Some((lab, guest, server)) = lab("key-known") else { return };
    let first = fingerprint(&lab, "first");

    let (machine, says) = status_and_key(&lab, &["status", "--fast", "--json"]);
    assert_eq!(says, [""; 0], "no key is asked for in haste: {machine:#}");
    assert_eq!(remembered(&lab), "", "and none is missed");

    let (machine, says) = status_and_key(&lab, &STATUS);
    assert_eq!(machine["verdict"], "resolved", "{machine:#}");
    let new = format!("proves the host key ssh-ed25519 {first}; none of the VM's is known");
    assert_eq!(says, [new], "{machine:#}");
    let file = fs::read_to_string(lab.folder().join("first.pub")).expect("a public key");
    let key = file.split(' ').take(2).collect::<Vec<_>>().join(" ");
    assert!(remembered(&lab).contains(&key), "{}", remembered(&lab));

    let (machine, says) = status_and_key(&lab, &STATUS);
    assert_eq!(says, [""; 0], "its address is clear without its key: {machine:#}");

    leave_doubt(&lab, &guest);
    let (machine, says) = status_and_key(&lab, &STATUS);
    let known = format!("proves the VM's known host key ssh-ed25519 {first}");
    assert_eq!(says, [known.as_str()], "{machine:#}");
    // A relay would look the same: the key answers from a MAC that is not the VM's.
    assert_eq!(machine["verdict"], "probable", "{machine:#}");
    assert_eq!(machine["ip"], "192.168.77.50", "{machine:#}");
    assert_eq!(machine["ssh"]["state"], "ready", "{machine:#}");

    drop(server);
    let _other = ssh_server(&lab, &guest, "second").expect("another server");
    let (machine, says) = status_and_key(&lab, &STATUS);
    let second = fingerprint(&lab, "second");
    let other = format!("proves another host key than the VM's {first}: ssh-ed25519 {second}");
    assert_eq!(says, [other.as_str()], "{machine:#}");
    assert!(!remembered(&lab).contains(&second), "{}", remembered(&lab));

    // A snapshot gives the same answer.
    let directory = lab.data_dir().join("snapshot");
    let directory = directory.to_str().expect("a plain path");
    let saved = lab.vm(&["snapshot", "save", directory]).expect("a snapshot");
    assert!(saved.status.success(), "{saved:#?}");
    let before = remembered(&lab);
    let (replayed, says) = status_and_key(&lab, &["status", "--json", "--from", directory]);
    assert_eq!(says, [other], "{replayed:#}");
    assert_eq!(replayed["verdict"], machine["verdict"], "{replayed:#}");
    assert_eq!(remembered(&lab), before, "a replay remembers nothing");
}

#[test]
fn forgets_the_old_key_of_a_vm_made_again() {
    let Some((lab, guest, server)) = lab("key-anew") else { return };
    status_and_key(&lab, &STATUS);
    drop(server);
    let registry = lab.data_dir().join(".vm-registry.json");
    let text = fs::read_to_string(&registry).expect("a registry");
    assert!(text.contains("\"iid-web-1\""), "{text}");
    fs::write(&registry, text.replace("\"iid-web-1\"", "\"iid-web-2\"")).expect("a registry");
    let _server = ssh_server(&lab, &guest, "second").expect("another server");
    leave_doubt(&lab, &guest);
    let (machine, says) = status_and_key(&lab, &STATUS);
    let second = fingerprint(&lab, "second");
    let new = format!("proves the host key ssh-ed25519 {second}; none of the VM's is known");
    assert_eq!(says, [new], "{machine:#}");
}

#[test]
fn a_failure_to_store_keys_changes_no_answer() {
    let Some((lab, _guest, _server)) = lab("key-unwritable") else { return };
    let state = lab.folder().join("state");
    fs::write(&state, "not a folder").expect("a file in its place");
    let finished = lab.vm(&STATUS).expect("a status");
    assert!(finished.status.success(), "{finished:#?}");
    let path = Path::new("vmkit/host-keys.json");
    let expected = format!("{}", state.join(path).display());
    assert!(finished.stderr.contains(&expected), "{finished:#?}");
}
