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
#[expect(clippy::struct_excessive_bools, reason = "each is drawn on its own")]
pub(super) struct Holder {
    pub(super) address: Ipv4Addr,
    /// The MACs that answer ARP.
    pub(super) macs: Vec<Mac>,
    /// `open`, `refused`, `timeout` or `unreachable`.
    pub(super) ssh: &'static str,
    pub(super) pings: bool,
    /// Whether large packets to it are lost.
    pub(super) small_only: bool,
    /// Whether its SSH server accepts connections and says nothing.
    pub(super) mute: bool,
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
            small_only: false,
            mute: false,
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
        small_only: has("mtu-mismatch"),
        mute: false,
        stranger: false,
        of: Some(place),
    };
    let silent =
        ["arp-filtered", "other-lease-not-applied", "dhcp-wrong-subnet", "other-guest-hung"];
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
    if has("host-route-misdirected") || site.has("host-subnet-collides") {
        (holder.ssh, holder.pings) = ("timeout", false);
    }
    holder.mute = has("other-ssh-silent");
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
    if site.has_any(&["guest-duplicate-client-id", "dhcp-gives-address-twice"]) {
        holder.macs = site.vms.iter().map(|vm| vm.mac).collect();
    }
    holder
}

/// The VM's public host key; only its identity matters.
pub(super) fn host_key(site: &Site, vm: &Vm) -> String {
    let vm = if site.has("guest-duplicate-host-key") { &site.vms[0] } else { vm };
    key(&vm.name.replace(['-', '_'], "x"))
}

fn key(of: &str) -> String {
    // 32 octets are 43 digits of base64 behind the name of the algorithm.
    let digits: String = of.chars().cycle().take(42).collect();
    format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{digits}A")
}

/// The error of a probe that found nobody, or that macOS denied: at once, and with another number.
fn failure(site: &Site) -> serde_json::Map<String, Value> {
    let (errno, after) = match site.system {
        System::Linux => (113, 310.0),
        System::MacOs if site.has("host-local-network-privacy") => (65, 0.3),
        System::MacOs => (64, 320.0),
    };
    let pairs = [("errno", json!(errno)), ("rtt_ms", json!(after))];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
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
        if privacy {
            // The system denies pings as it denies connections.
            let mut icmp = json!({"kind": "icmp", "ip": ip, "outcome": "unreachable", "at": at});
            icmp.as_object_mut().into_iter().for_each(|icmp| icmp.extend(failure(site)));
            list.extend(site.age.is_multiple_of(2).then_some(icmp));
        } else {
            let mut icmp = json!({"kind": "icmp", "ip": ip, "outcome": outcome, "rtt_ms": holder.pings.then_some(0.42), "at": at});
            if holder.pings {
                icmp["large"] = json!(!holder.small_only);
            }
            list.push(icmp);
        }
        let mut tcp = json!({"kind": "tcp", "ip": ip, "port": 22, "outcome": holder.ssh, "at": at});
        if holder.ssh == "unreachable" {
            tcp.as_object_mut().into_iter().for_each(|tcp| tcp.extend(failure(site)));
        }
        if holder.ssh == "open" {
            tcp["rtt_ms"] = json!(0.61);
        }
        if holder.ssh == "open" && !holder.mute {
            let own = holder.of.and_then(|place| site.vms.get(place)).filter(|_| !holder.stranger);
            // The server's part of the key exchange does not fit into a small packet.
            if !holder.small_only {
                tcp["host_key"] = json!(own.map_or_else(|| key("fyJ"), |vm| host_key(site, vm)));
            }
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
            let rows: Vec<_> = rows.into_iter().map(|(ip, mac, _)| (ip, mac)).collect();
            let mut all =
                site.mac.as_ref().map(|mac| mac.neighbours(site, &rows)).unwrap_or_default();
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
    let given =
        site.vms.iter().zip(bound).filter_map(|(vm, address)| {
            Some((vm, if vm.ails && stale { old } else { (*address)? }))
        });
    if let Some(mac) = &site.mac {
        let given: Vec<_> = given.collect();
        return Some(("leases/dhcpd_leases", mac.leases(&given, expiry)));
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":");
    let line = |(vm, address): (&Vm, Ipv4Addr)| {
        let id = vm.client_id.as_deref().map_or_else(|| "*".to_owned(), hex);
        format!("{expiry} {} {address} {} {id}\n", vm.mac, vm.name)
    };
    Some(("leases/dnsmasq.leases", given.map(line).collect()))
}
