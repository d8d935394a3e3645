//! What an earlier boot has left behind.

use std::{
    fs::{self, File},
    time::SystemTime,
};

use vmkit_lab::{GuestKind, GuestPlan};

use crate::{
    ADDRESS, NEXT_ADDRESS, healthy, inside,
    scenario::{Expected, RESOLVED, Scenario},
    web,
};

const MOVED: Expected = Expected {
    truth: &["192.168.77.60"],
    ip: Some("192.168.77.60"),
    flags: &[("192.168.77.60", &[])],
    ..RESOLVED
};

const REBOOT: Scenario = Scenario {
    name: "reboot",
    title: "the machine was reset and got another lease; its console log holds both boots",
    why: "only the last boot counts, and the machine answers at the new address",
    machines: &[MOVED],
};

#[test]
fn a_reboot_ends_what_the_console_said_before() {
    let plan = GuestPlan::new("web", GuestKind::Machine);
    let Some((mut lab, guest)) = healthy("reboot", &plan) else { return };
    lab.router().reserve(plan.mac(), NEXT_ADDRESS).expect("a reservation");
    guest.reset().expect("a reset");
    lab.wait_for_lease(&guest, NEXT_ADDRESS).expect("a new lease");
    lab.greet(NEXT_ADDRESS).expect("an answer");
    assert!(guest.says_it_has(ADDRESS).expect("a console"), "the log must hold the old boot");
    REBOOT.check(&lab);
}

const OLD_CONSOLE: Scenario = Scenario {
    name: "old-console",
    title: "started in the foreground: the log of the boot before lies there still",
    why: "the log is older than the process, and so is the entry of the old address",
    machines: &[MOVED],
};

#[test]
fn ignores_a_log_older_than_the_process() {
    let Some((mut lab, mut guest)) = healthy("old-console", &web()) else { return };
    let old_log = guest.console().expect("a console");
    let written = SystemTime::now() - std::time::Duration::from_mins(10);
    guest.stop().expect("an end");
    drop(guest);
    let guest = lab.start(&web().without_dhcp()).expect("a guest");
    fs::write(guest.console_file(), old_log).expect("the old log");
    let log = File::options().append(true).open(guest.console_file()).expect("the log");
    log.set_modified(written).expect("its time");
    inside(&guest).ip(&format!("address add {NEXT_ADDRESS}/24 dev eth0")).expect("an address");
    lab.greet(NEXT_ADDRESS).expect("an answer");
    OLD_CONSOLE.check(&lab);
}
