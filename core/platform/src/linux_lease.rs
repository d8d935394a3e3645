//! The lease by which this computer itself has its address, from the DHCP client that keeps it.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::Path,
};

use vmkit_types::{HostNetwork, Reading, Unread};

use crate::{command::Tool, survey::installed};

/// Longest lease that is read: dhclient appends to its file.
const LONGEST: u64 = 1 << 20;
/// What is kept of it: a snapshot needs no more, and the rest names the computer.
const KEPT: [&str; 14] = [
    "ADDRESS=",
    "SERVER_ADDRESS=",
    "ROUTER=",
    "LIFETIME=",
    "ip_address =",
    "dhcp_server_identifier =",
    " routers =",
    "dhcp_lease_time =",
    "lease {",
    "fixed-address ",
    "option routers ",
    "option dhcp-server-identifier ",
    "option dhcp-lease-time ",
    "}",
];
const NMCLI: &[&str] = &["/usr/bin/nmcli", "/bin/nmcli"];

/// The lease of the interface that has the default route, as its client keeps or shows it.
pub(crate) fn own_leases(network: Reading<HostNetwork>) -> Reading<String> {
    let network = match network {
        Reading::Known(network) => network,
        Reading::Absent => return Reading::Absent,
        Reading::Unknown(why) => return Reading::Unknown(why),
    };
    let mut routes = network.routes.iter();
    let default = routes.find(|route| route.destination.length == 0 && route.gateway.is_some());
    let Some(interface) = default.map(|route| route.interface.as_str()) else {
        return Reading::Absent;
    };
    // In the order of how directly each speaks for the interface.
    for ask in [of_networkd, of_network_manager, of_dhclient] {
        if let Some(reading) = ask(interface) {
            return reading.map(|text| kept(&text));
        }
    }
    let why = format!("no DHCP client that is known here has a lease for {interface}");
    Reading::Unknown(Unread::Failed(why))
}

fn kept(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.filter(|line| KEPT.iter().any(|word| line.contains(word))).collect()
}

/// systemd-networkd's file lasts as long as the lease.
fn of_networkd(interface: &str) -> Option<Reading<String>> {
    let index = std::fs::read_to_string(format!("/sys/class/net/{interface}/ifindex")).ok()?;
    file(&format!("/run/systemd/netif/leases/{}", index.trim()))
}

fn of_network_manager(interface: &str) -> Option<Reading<String>> {
    let program = installed(NMCLI).known()?;
    let tool = Tool::start(program, &["--fields", "DHCP4", "device", "show", interface]);
    match tool.output() {
        // Without NetworkManager, or for a device that it leaves alone, the tool names no lease.
        Reading::Known(text) => text.contains("DHCP4.OPTION").then_some(Reading::Known(text)),
        other => Some(other),
    }
}

/// dhclient's file outlives it, so that only that of a running one counts.
fn of_dhclient(interface: &str) -> Option<Reading<String>> {
    let pids = [format!("/run/dhclient.{interface}.pid"), "/run/dhclient.pid".to_owned()];
    let runs = pids.iter().any(|path| {
        let pid = std::fs::read_to_string(path).ok().and_then(|pid| pid.trim().parse::<u32>().ok());
        pid.is_some_and(|pid| Path::new(&format!("/proc/{pid}")).exists())
    });
    let names = [format!("dhclient.{interface}.leases"), "dhclient.leases".to_owned()];
    let folders = ["/var/lib/dhcp", "/var/lib/dhclient"];
    let mut files = names.iter().flat_map(|name| folders.map(|folder| format!("{folder}/{name}")));
    files.find_map(|path| file(&path)).filter(|_| runs)
}

/// The text of a file. `None`: the file is missing.
fn file(path: &str) -> Option<Reading<String>> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes)) {
        Ok(_) => Some(Reading::Known(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => Some(Reading::Unknown(Unread::Failed(format!("read {path}: {error}")))),
    }
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn keeps_no_names_of_the_computer() {
        let text = "ADDRESS=192.168.1.50\nHOSTNAME=laptop\nCLIENTID=01aabbccddeeff\nROUTER=192.168.1.254\n\
            DHCP4.OPTION[2]: host_name = laptop\nDHCP4.OPTION[3]: ip_address = 192.168.1.50\n\
            lease {\n  option host-name \"laptop\";\n  fixed-address 192.168.1.50;\n}\n";
        let expected = "ADDRESS=192.168.1.50\nROUTER=192.168.1.254\n\
            DHCP4.OPTION[3]: ip_address = 192.168.1.50\n\
            lease {\n  fixed-address 192.168.1.50;\n}\n";
        assert_eq!(kept(text), expected);
    }
}
