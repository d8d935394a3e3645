//! The hosts file follows a real machine: its address, its end.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{fs, net::Ipv4Addr, path::Path};

use vmkit_lab::{Finished, GuestKind, GuestPlan, Lab, or_skip};

const FOREIGN: &str = "127.0.0.1\tlocalhost\n192.168.77.1\trouter\n";
const FIRST: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);
const SECOND: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 60);

fn sync(lab: &Lab, hosts: &Path, arguments: &[&str]) -> Finished {
    let place = ["hosts-sync", "--file", hosts.to_str().unwrap()];
    lab.vm(&[&place, arguments].concat()).expect("vm hosts-sync")
}

/// The file with this line of the machine.
fn with(line: &str) -> String {
    let begin = "# BEGIN vmkit: `vm hosts-sync` writes the lines up to END; edits here are lost";
    format!("{FOREIGN}{begin}\n{line}\n# END vmkit\n")
}

#[test]
fn the_hosts_file_follows_a_real_vm() {
    let Some(mut lab) = or_skip(Lab::new("hosts")) else { return };
    let hosts = lab.folder().join("hosts");
    fs::write(&hosts, FOREIGN).unwrap();
    let text = || fs::read_to_string(&hosts).unwrap();
    let plan = GuestPlan::new("web", GuestKind::Namespace);
    let mut guest = lab.start_at(&plan, FIRST).expect("a guest with a lease");

    let preview = sync(&lab, &hosts, &[]);
    assert!(preview.stdout.contains("+192.168.77.50"), "{preview:?}");
    assert_eq!(text(), FOREIGN);
    let written = sync(&lab, &hosts, &["--apply", "web"]);
    assert_eq!(written.status.code(), Some(0), "{written:?}");
    assert_eq!(text(), with("192.168.77.50\tweb\t# vm web"));

    lab.router().reserve(plan.mac(), SECOND).expect("another reservation");
    guest.renew_lease().expect("a new lease");
    lab.wait_for_lease(&guest, SECOND).expect("the new lease");
    lab.greet(SECOND).expect("an answer");
    let moved = sync(&lab, &hosts, &["--apply", "web"]);
    assert_eq!(moved.status.code(), Some(0), "{moved:?}");
    assert!(moved.stdout.contains("it was 192.168.77.50"), "{moved:?}");
    assert_eq!(text(), with("192.168.77.60\tweb\t# vm web"));

    guest.stop().expect("a machine that ends");
    let stopped = sync(&lab, &hosts, &["--apply", "web"]);
    assert_eq!(stopped.status.code(), Some(1), "{stopped:?}");
    assert!(stopped.stdout.contains("it is stopped"), "{stopped:?}");
    assert!(text().contains("192.168.77.60\tweb\t# vm web, stale since "), "{}", text());

    assert_eq!(sync(&lab, &hosts, &["--undo"]).status.code(), Some(0));
    assert_eq!(text(), with("192.168.77.60\tweb\t# vm web"));
}
