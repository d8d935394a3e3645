//! The VMs as seen from outside: who answers at which address, and the records of the sources.

use std::net::Ipv4Addr;

use serde_json::{Value, json};
use vmkit_types::Mac;

use super::{
    console::global,
    site::{Site, System, Vm},
    time::rfc3339,
};

/// The holder of an address and its answers.
#[derive(Clone)]
pub(super) struct Holder {
    pub(super) address: Ipv4Addr,
    /// The MACs that answer ARP.
    pub(super) macs: Vec<Mac>,
    /// `open`, `refused`, `timeout` or `unreachable`.
    pub(super) ssh: &'static str,
    pub(super) pings: bool,
    /// Whether it has another host key.
    pub(super) stranger: bool,
    /// The VM that seems to hold it.
    pub(super) of: Option<usize>,
}

/// The relevant addresses, from the VMs' leases.
pub(super) fn holders(site: &Site, bound: &[Option<Ipv4Addr>], old: Ipv4Addr) -> Vec<Holder> {
    let mut list = Vec::new();
    for (place, (vm, address)) in site.vms.iter().zip(bound).enumerate() {
        let Some(address) = *address else { continue };
        list.push(holder(site, vm, address, place));
    }
    if site.has_any(&["stale-arp", "stale-lease", "stale-dns", "stale-hosts", "stale-console"]) {
        list.push(Holder {
            address: old,
            macs: Vec::new(),
            ssh: "unreachable",
            pings: false,
            stranger: false,
            of: None,
        });
    }
    list
}

fn holder(site: &Site, vm: &Vm, address: Ipv4Addr, place: usize) -> Holder {
    let has = |code: &str| vm.ails && site.has(code);
    let seen_as =
        if site.translates() && site.age.is_multiple_of(3) { site.host_mac } else { vm.mac };
    let mut holder = Holder {
        address,
        macs: vec![seen_as],
        ssh: "open",
        pings: true,
        stranger: false,
        of: Some(place),
    };
    let silent =
        ["arp-filtered", "other-lease-not-applied", "dhcp-wrong-subnet", "other-lease-of-zero"];
    if vm.ails && site.has_any(&silent) {
        (holder.macs, holder.ssh, holder.pings) = (Vec::new(), "unreachable", false);
    }
    if has("dhcp-wrong-subnet") || site.has("host-no-bridge-address") {
        (holder.macs, holder.ssh, holder.pings) = (Vec::new(), "timeout", false);
    }
    if has("guest-ssh-not-listening") {
        holder.ssh = "refused";
    }
    if has("guest-firewall-blocks-ssh") || site.has("host-firewall-blocks-ssh") {
        holder.ssh = "timeout";
    }
    if site.has("host-vpn-captures-subnet") {
        (holder.ssh, holder.pings) = ("timeout", false);
    }
    if site.has("host-local-network-privacy") {
        holder.ssh = "unreachable";
    }
    if site.has("proxy-arp") {
        // The router answers for everybody.
        (holder.macs, holder.ssh, holder.pings) = (vec![site.gateway_mac], "timeout", false);
    }
    if has("identity-mismatch") {
        (holder.macs, holder.stranger) = (vec![Mac::new([0xdc, 0xa6, 0x32, 1, 2, 3])], true);
    }
    if has("address-conflict") {
        holder.macs.push(Mac::new([0xb8, 0x27, 0xeb, 0x41, 0x52, 0x63]));
    }
    if site.has("guest-duplicate-client-id") {
        holder.macs = site.vms.iter().map(|vm| vm.mac).collect();
    }
    holder
}

/// The VM's public host key; only its identity matters.
pub(super) fn host_key(vm: &Vm) -> String {
    key(&vm.name.replace(['-', '_'], "x"))
}

fn key(of: &str) -> String {
    // 32 octets are 43 digits of base64 behind the name of the algorithm.
    let digits: String = of.chars().cycle().take(42).collect();
    format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{digits}A")
}

/// `probes.json`.
pub(super) fn probes(site: &Site, holders: &[Holder]) -> Value {
    let at = rfc3339(site.now - 900);
    let mut list = Vec::new();
    let interface = site.own_interface();
    let privacy = site.has("host-local-network-privacy");
    for holder in holders {
        let ip = holder.address.to_string();
        let macs: Vec<String> = holder.macs.iter().map(ToString::to_string).collect();
        let outcome = if macs.is_empty() { "silent" } else { "reply" };
        list.push(json!({"kind": "arp", "ip": ip, "interface": interface, "outcome": outcome,
            "mac": macs.first(), "repliers": macs, "rtt_ms": 0.21, "at": at}));
        let outcome = if holder.pings { "reply" } else { "silent" };
        if !privacy || site.age.is_multiple_of(2) {
            list.push(json!({"kind": "icmp", "ip": ip, "outcome": outcome, "rtt_ms": holder.pings.then_some(0.42), "at": at}));
        }
        let mut tcp = json!({"kind": "tcp", "ip": ip, "port": 22, "outcome": holder.ssh, "at": at});
        if holder.ssh == "open" {
            tcp["rtt_ms"] = json!(0.61);
            let own = holder.of.and_then(|place| site.vms.get(place)).filter(|_| !holder.stranger);
            tcp["host_key"] = json!(own.map_or_else(|| key("fyJ"), host_key));
            tcp["banner"] = json!(if holder.stranger {
                "SSH-2.0-dropbear_2022.83"
            } else {
                "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"
            });
        }
        list.push(tcp);
    }
    if site.has("guest-ipv6-only") {
        list.push(json!({"kind": "tcp", "ip": global(&site.vms[0]), "port": 22, "outcome": "open", "rtt_ms": 0.7, "banner": "SSH-2.0-OpenSSH_9.6", "at": at}));
    }
    Value::Array(list)
}

/// Address, MAC and state of a neighbour.
type NeighbourRow = (String, Option<Mac>, &'static str);

fn neighbour_rows(site: &Site, holders: &[Holder], old: Ipv4Addr) -> Vec<NeighbourRow> {
    let mut rows: Vec<NeighbourRow> = Vec::new();
    if !site.shared {
        rows.push((site.gateway.to_string(), Some(site.gateway_mac), "REACHABLE"));
        let nas = if site.has("proxy-arp") {
            site.gateway_mac
        } else {
            Mac::new([0, 0x11, 0x32, 9, 8, 7])
        };
        rows.push((site.at(200).to_string(), Some(nas), "STALE"));
        if site.has("proxy-arp") {
            rows.push((site.at(201).to_string(), Some(nas), "REACHABLE"));
            rows.push((site.at(202).to_string(), Some(nas), "STALE"));
        }
    }
    for holder in holders.iter().filter(|holder| holder.of.is_some()) {
        // A table has one MAC for each address.
        let mac = holder.macs.first().copied();
        let off = site.has_any(&["dhcp-wrong-subnet", "host-no-bridge-address"]) && mac.is_none();
        if !off {
            let state = if mac.is_none() {
                "FAILED"
            } else if site.age.is_multiple_of(2) {
                "REACHABLE"
            } else {
                "STALE"
            };
            rows.push((holder.address.to_string(), mac, state));
        }
    }
    if site.has("stale-arp") {
        rows.push((old.to_string(), Some(site.vms[0].mac), "STALE"));
    }
    rows.push((site.at(240).to_string(), None, "FAILED"));
    rows
}

/// The neighbour table in the system's format: file names and texts.
pub(super) fn neighbours(
    site: &Site,
    holders: &[Holder],
    old: Ipv4Addr,
) -> Vec<(&'static str, String)> {
    let interface = site.own_interface();
    let rows = neighbour_rows(site, holders, old);
    let six = site.has("guest-ipv6-only").then(|| (global(&site.vms[0]), site.vms[0].mac));
    match site.system {
        System::Linux if site.age.is_multiple_of(3) => {
            let entry = |(ip, mac, state): &NeighbourRow| match mac {
                Some(mac) => {
                    json!({"dst": ip, "dev": interface, "lladdr": mac.to_string(), "state": [state]})
                }
                None => json!({"dst": ip, "dev": interface, "state": [state]}),
            };
            let mut all: Vec<Value> = rows.iter().map(entry).collect();
            all.extend(six.map(|(ip, mac)| json!({"dst": ip, "dev": interface, "lladdr": mac.to_string(), "state": ["REACHABLE"]})));
            vec![("neigh/ip-neigh.json", Value::Array(all).to_string())]
        }
        System::Linux => {
            let line = |(ip, mac, state): &NeighbourRow| match mac {
                Some(mac) => format!("{ip} dev {interface} lladdr {mac} {state} \n"),
                None => format!("{ip} dev {interface}  {state} \n"),
            };
            let mut text: String = rows.iter().map(line).collect();
            text.extend(
                six.map(|(ip, mac)| format!("{ip} dev {interface} lladdr {mac} REACHABLE \n")),
            );
            vec![("neigh/ip-neigh.txt", text)]
        }
        System::MacOs => {
            let octets = |mac: &Mac| mac.octets().map(|octet| format!("{octet:x}")).join(":");
            let line = |(ip, mac, _): &NeighbourRow| match mac {
                Some(mac) => {
                    format!("? ({ip}) at {} on {interface} ifscope [ethernet]\n", octets(mac))
                }
                None => format!("? ({ip}) at (incomplete) on {interface} ifscope [ethernet]\n"),
            };
            let mut text: String = rows.iter().map(line).collect();
            text += &format!(
                "? ({}) at {} on {interface} ifscope permanent [ethernet]\n",
                site.host,
                octets(&site.host_mac)
            );
            text += "? (224.0.0.251) at 1:0:5e:0:0:fb on en0 ifscope permanent [ethernet]\n";
            let mut all = vec![("neigh/arp-an.txt", text)];
            all.extend(six.map(|(ip, mac)| {
                ("neigh/ndp-an.txt", format!("Neighbor                        Linklayer Address  Netif Expire    St Flgs Prbs\n{ip} {} {interface} 23h59m58s S\n", octets(&mac)))
            }));
            all
        }
    }
}

/// `dns.json`.
pub(super) fn names(site: &Site, bound: &[Option<Ipv4Addr>], old: Ipv4Addr) -> Value {
    let entry = |(vm, address): (&Vm, &Option<Ipv4Addr>)| {
        let stale = vm.ails && site.has("stale-dns");
        let answer = if stale { Some(old) } else { address.filter(|_| site.age.is_multiple_of(2)) };
        let answers: Vec<Value> = answers_of(answer);
        json!({"name": format!("{}.local", vm.name), "source": "system", "answers": answers, "error": null})
    };
    Value::Array(site.vms.iter().zip(bound).map(entry).collect())
}

fn answers_of(address: Option<Ipv4Addr>) -> Vec<Value> {
    address.map(|ip| json!({"ip": ip.to_string(), "ttl_s": 60})).into_iter().collect()
}

/// The lease file of a server on this computer.
pub(super) fn leases(
    site: &Site,
    bound: &[Option<Ipv4Addr>],
    old: Ipv4Addr,
) -> Option<(&'static str, String)> {
    if !site.shared {
        return None;
    }
    let expiry = (site.now / 1000) + 40_000;
    let stale = site.has("stale-lease");
    let mut text = String::new();
    for (vm, address) in site.vms.iter().zip(bound) {
        let Some(address) = (if vm.ails && stale { Some(old) } else { *address }) else { continue };
        let hex =
            |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":");
        match site.system {
            System::Linux => {
                let id = vm.client_id.as_deref().map_or_else(|| "*".to_owned(), hex);
                text += &format!("{expiry} {} {address} {} {id}\n", vm.mac, vm.name);
            }
            System::MacOs => {
                let octets = vm.mac.octets().map(|octet| format!("{octet:x}")).join(":");
                text += &format!(
                    "{{\n\tname={}\n\tip_address={address}\n\thw_address=1,{octets}\n\tidentifier=1,{octets}\n\tlease=0x{expiry:x}\n}}\n",
                    vm.name
                );
            }
        }
    }
    Some(match site.system {
        System::Linux => ("leases/dnsmasq.leases", text),
        System::MacOs => ("leases/dhcpd_leases", text),
    })
}

/// `probe-dhcp.json`; the source is always the host's MAC.
pub(super) fn test(site: &Site) -> Value {
    let nobody = ["dhcp-no-server", "host-uplink-down", "host-wrong-uplink"];
    let offer =
        |ip: Ipv4Addr| json!([{"server": site.gateway.to_string(), "yiaddr": ip.to_string()}]);
    let vm = &site.vms[0];
    let dead = site.has_any(&nobody);
    let flagged_lost = site.has("dhcp-broadcast-filtered");
    let given = |case: &str| {
        if dead {
            return false;
        }
        let chaddr_checked = site.has("router-drops-foreign-chaddr");
        let empty = site.has("dhcp-pool-exhausted");
        match case {
            // The server offers the computer its current address.
            "host" => true,
            "foreign" => !chaddr_checked && !empty,
            _ => !chaddr_checked && !empty && !site.has("router-blocks-vm-mac"),
        }
    };
    let row = |case: &str, chaddr: Mac, ip: Ipv4Addr, flagged: bool| {
        let offers = if given(case) && !(flagged && flagged_lost) { offer(ip) } else { json!([]) };
        json!({"case": case, "chaddr": chaddr.to_string(), "sent": 3, "offers": offers})
    };
    json!([
        row("host", site.host_mac, site.host, true),
        row("vm", vm.mac, vm.address, true),
        row("foreign", Mac::new([2, 0, 0, 0, 0x5e, 0x01]), site.at(190), true),
        row("vm-unicast", vm.mac, vm.address, false),
    ])
}
