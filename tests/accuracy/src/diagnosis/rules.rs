//! The firewall and the DHCP servers of this computer, as each system shows them.

use std::net::Ipv4Addr;

use serde_json::json;

use super::site::{Loss, Site, System};

/// `nft list ruleset`, `iptables-save -c` or `socketfilterfw`.
pub(super) fn firewall(site: &Site) -> String {
    site.mac.as_ref().map_or_else(|| linux(site), |mac| mac.firewall(site))
}

fn linux(site: &Site) -> String {
    let count = 3 + site.age % 40;
    let bytes = count * 342;
    let mut text = String::new();
    let nft = site.age.is_multiple_of(2);
    if site.has("host-firewall-drops-bridged") {
        // Docker makes bridged frames pass FORWARD and sets its policy to DROP.
        text += "net.bridge.bridge-nf-call-iptables = 1\nnet.bridge.bridge-nf-call-arptables = 1\n";
        text += &if nft {
            format!(
                "table ip filter {{\n\tchain FORWARD {{\n\t\ttype filter hook forward priority filter; policy drop;\n\t\tcounter packets {count} bytes {bytes} jump DOCKER-USER\n\t\tcounter packets {count} bytes {bytes} jump DOCKER-ISOLATION-STAGE-1\n\t\toifname \"docker0\" ct state related,established counter packets 0 bytes 0 accept\n\t}}\n\tchain DOCKER-USER {{\n\t\tcounter packets {count} bytes {bytes} return\n\t}}\n\tchain DOCKER-ISOLATION-STAGE-1 {{\n\t\tcounter packets {count} bytes {bytes} return\n\t}}\n}}\n"
            )
        } else {
            format!(
                "*filter\n:INPUT ACCEPT [5521:901812]\n:FORWARD DROP [{count}:{bytes}]\n:OUTPUT ACCEPT [4410:771200]\n:DOCKER - [0:0]\n:DOCKER-USER - [0:0]\n[{count}:{bytes}] -A FORWARD -j DOCKER-USER\n[0:0] -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n[0:0] -A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n[{count}:{bytes}] -A DOCKER-USER -j RETURN\nCOMMIT\n"
            )
        };
    } else {
        text += "net.bridge.bridge-nf-call-iptables = 0\n";
        text += "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy accept;\n\t\tct state invalid counter packets 0 bytes 0 drop\n\t}\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy accept;\n\t}\n}\n";
    }
    if site.shared {
        text += &translation(site, count, bytes);
    }
    if site.has("host-firewall-blocks-dhcp-server") {
        let bridge = site.bridge;
        text += &if nft {
            format!(
                "table inet lan {{\n\tchain in {{\n\t\ttype filter hook input priority filter; policy accept;\n\t\tiifname \"{bridge}\" udp dport 67 counter packets {count} bytes {bytes} drop\n\t}}\n}}\n"
            )
        } else {
            format!(
                "*filter\n:INPUT ACCEPT [5521:901812]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [4410:771200]\n[{count}:{bytes}] -A INPUT -i {bridge} -p udp -m udp --dport 67 -j DROP\nCOMMIT\n"
            )
        };
    }
    text += &guards(site, count, bytes);
    if site.has("host-firewall-blocks-ssh") {
        text += &format!(
            "table inet egress {{\n\tchain out {{\n\t\ttype filter hook output priority filter; policy accept;\n\t\ttcp dport 22 counter packets {count} bytes 360 drop\n\t}}\n}}\n"
        );
    }
    text
}

/// What libvirt writes for a network that it translates.
fn translation(site: &Site, count: u64, bytes: u64) -> String {
    let [a, b, c] = site.subnet;
    let subnet = format!("{a}.{b}.{c}.0/24");
    format!(
        "table ip libvirt_network {{\n\tchain guest_nat {{\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\t\tip saddr {subnet} ip daddr != {subnet} counter packets {count} bytes {bytes} masquerade\n\t}}\n}}\n"
    )
}

/// Tables of the bridge family that drop the fault's frames.
fn guards(site: &Site, count: u64, bytes: u64) -> String {
    let port = &site.vms[0].port;
    let uplink = site.uplink;
    let mut text = String::new();
    let mut bridge = |hook: &str, rule: String| {
        text += &format!(
            "table bridge guard_{hook} {{\n\tchain {hook} {{\n\t\ttype filter hook {hook} priority filter; policy accept;\n\t\t{rule}\n\t}}\n}}\n"
        );
    };
    if site.has("dhcp-requests-blocked") {
        bridge(
            "forward",
            format!("iifname \"{port}\" udp dport 67 counter packets {count} bytes {bytes} drop"),
        );
    }
    if site.has("dhcp-replies-blocked") {
        bridge(
            "forward",
            format!("oifname \"{port}\" udp sport 67 counter packets {count} bytes {bytes} drop"),
        );
    }
    if site.has("dhcp-ack-lost") {
        bridge(
            "forward",
            format!("udp sport 67 @th,2000,8 0x5 counter packets {count} bytes {bytes} drop"),
        );
    }
    if let Some(Loss::InHost { percent, by_rule: true }) = site.loss {
        bridge(
            "forward",
            format!(
                "iifname \"{uplink}\" numgen random mod 100 < {percent} counter packets {count} bytes {bytes} drop"
            ),
        );
    }
    if site.has("arp-filtered") {
        bridge(
            "output",
            format!("oifname \"{port}\" ether type arp counter packets {count} bytes 840 drop"),
        );
    }
    text
}

/// Whether this computer is the DHCP server, and serves.
fn serves(site: &Site) -> bool {
    site.shared && !site.has_any(&["host-dhcp-server-down", "virtual-network-not-started"])
}

/// What Linux has of the DHCP servers that run on it: that of a shared network, with these leases.
pub(super) fn servers(site: &Site, bound: &[Option<Ipv4Addr>]) -> Option<String> {
    let System::Linux = site.system else { return None };
    if !serves(site) {
        return Some("[]".to_owned());
    }
    let free = if site.has("dhcp-pool-exhausted") { 0 } else { 61 };
    let clients = site.vms.iter().zip(bound).filter_map(|(vm, address)| {
        let address = (*address)?.to_string();
        Some(json!({"mac": vm.mac.to_string(), "address": address, "leased": true}))
    });
    let (first, last) = (site.at(100).to_string(), site.at(199).to_string());
    let server = json!({"program": "dnsmasq", "interfaces": [site.bridge], "addresses": [],
        "pools": [{"first": first, "last": last, "addresses": 100, "free": free}],
        "clients": clients.collect::<Vec<_>>(), "answers": []});
    Some(json!([server]).to_string())
}

/// `ss -lunp` or `lsof -nP -iUDP:67`.
pub(super) fn listeners(site: &Site) -> String {
    let serves = serves(site);
    match site.system {
        System::MacOs => {
            let head = "COMMAND PID USER   FD   TYPE             DEVICE SIZE/OFF NODE NAME\n";
            // launchd holds the socket for bootpd and starts it on a request.
            let rows = "launchd   1 root   12u  IPv4 0x8f1c4ac05ac2a2f7      0t0  UDP *:67\nbootpd  512 root    5u  IPv4 0x8f1c4ac05ac2a2f7      0t0  UDP *:67\n";
            if serves { format!("{head}{rows}") } else { String::new() }
        }
        System::Linux => {
            let mut text = "State  Recv-Q Send-Q      Local Address:Port  Peer Address:PortProcess\nUNCONN 0      0           127.0.0.53%lo:53         0.0.0.0:*    users:((\"systemd-resolve\",pid=611,fd=13))\nUNCONN 0      0                 0.0.0.0:5353       0.0.0.0:*    users:((\"avahi-daemon\",pid=702,fd=12))\n".to_owned();
            if serves {
                text += &format!(
                    "UNCONN 0      0          0.0.0.0%{}:67         0.0.0.0:*    users:((\"dnsmasq\",pid=1290,fd=3))\n",
                    site.bridge
                );
            }
            text
        }
    }
}
