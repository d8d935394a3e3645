//! Each DHCP client that guests have, with its own words on the console.

use std::{fs, os::unix::fs::PermissionsExt as _};

use vmkit_lab::{Lab, Process, or_skip};

use crate::{
    ADDRESS, forget_neighbours, inside, own_files,
    scenario::{Expected, RESOLVED, Scenario},
    web,
};

/// What dhclient runs when its state changes: Debian's own script would write this computer's
/// `/etc/resolv.conf`.
const DHCLIENT_SCRIPT: &str = "#!/bin/sh
case \"$reason\" in
PREINIT) ip link set \"$interface\" up ;;
BOUND | RENEW | REBIND | REBOOT) ip address replace \"$new_ip_address/24\" dev \"$interface\" ;;
esac
";

const DHCLIENT: Scenario = Scenario {
    name: "healthy-dhclient",
    title: "nothing: ISC's dhclient, and an ARP table that holds nobody",
    why: "dhclient names its lease, and the machine answers there",
    machines: &[Expected { says: &[("192.168.77.50", "console-address: dhclient")], ..SEEN }],
};

const DHCPCD: Scenario = Scenario {
    name: "healthy-dhcpcd",
    title: "nothing: dhcpcd, and an ARP table that holds nobody",
    why: "dhcpcd names its lease, and the machine answers there",
    machines: &[Expected { says: &[("192.168.77.50", "console-address: dhcpcd")], ..SEEN }],
};

/// The machine, whose console alone names the address at the first look.
const SEEN: Expected = Expected { flags: &[], ..RESOLVED };

/// Runs this client in a guest until its console has these words, and compares.
fn play(scenario: &Scenario, client: impl Fn(&Lab) -> String, words: &str) {
    let Some(mut lab) = or_skip(Lab::new(scenario.name)) else { return };
    let plan = web().without_dhcp();
    lab.router().reserve(plan.mac(), ADDRESS).expect("a reservation");
    let guest = lab.start(&plan).expect("a guest");
    let mut command = inside(&guest).command("sh");
    command.args(["-c", &own_files(&lab, &client(&lab))]);
    let _client = Process::start(&mut command, &guest.console_file()).expect("a client");
    guest.wait_for_console(words).expect("a lease");
    lab.greet(ADDRESS).expect("an answer");
    forget_neighbours(&lab);
    scenario.check(&lab);
}

#[test]
fn reads_dhclients_console() {
    let client = |lab: &Lab| {
        let hook = lab.folder().join("dhclient-script");
        fs::write(&hook, DHCLIENT_SCRIPT).expect("a script");
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("a program");
        let (hook, folder) = (hook.display(), lab.folder().display());
        format!(
            "dhclient -4 -d -v -cf /dev/null -sf {hook} -lf {folder}/leases -pf {folder}/pid eth0"
        )
    };
    play(&DHCLIENT, client, "bound to 192.168.77.50");
}

#[test]
fn reads_dhcpcds_console() {
    play(&DHCPCD, |_| "dhcpcd -4 -B -c /bin/true eth0".to_owned(), "leased 192.168.77.50");
}
