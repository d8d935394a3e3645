//! The firewall and the DHCP listeners in the output of each system's tools.

use super::site::{Site, System};

/// `nft list ruleset`, `iptables-save -c` or `socketfilterfw`.
pub(super) fn firewall(site: &Site) -> String {
    match site.system {
        System::MacOs => application(site),
        System::Linux => linux(site),
    }
}

fn application(site: &Site) -> String {
    let blocked = site.has("host-firewall-blocks-dhcp-server");
    let all = blocked && site.age.is_multiple_of(3);
    if !blocked && site.age.is_multiple_of(2) {
        return "Firewall is disabled. (State = 0)\nFirewall has block all state set to disabled.\n".to_owned();
    }
    let state =
        if all { "Firewall is enabled. (State = 2)" } else { "Firewall is enabled. (State = 1)" };
    let block = if all {
        "Firewall has block all state set to enabled."
    } else {
        "Firewall has block all state set to disabled."
    };
    let word = if blocked && !all { "Block" } else { "Allow" };
    format!(
        "{state}\n{block}\nTotal number of apps = 2\n\n1 : /usr/libexec/bootpd \n\
         \x20            ({word} incoming connections)\n\n2 : /Applications/UTM.app \n\
         \x20            (Allow incoming connections)\n"
    )
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
    text += &guards(site, nft, count, bytes);
    if site.has("host-firewall-blocks-ssh") {
        text += &format!(
            "table inet egress {{\n\tchain out {{\n\t\ttype filter hook output priority filter; policy accept;\n\t\ttcp dport 22 counter packets {count} bytes 360 drop\n\t}}\n}}\n"
        );
    }
    text
}

/// Tables of the bridge family that drop the fault's frames.
fn guards(site: &Site, nft: bool, count: u64, bytes: u64) -> String {
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
    if site.has("dhcp-lossy-link") && nft {
        bridge(
            "forward",
            format!(
                "iifname \"{uplink}\" numgen random mod 100 < 60 counter packets {count} bytes {bytes} drop"
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

/// `ss -lunp` or `lsof -nP -iUDP:67`.
pub(super) fn listeners(site: &Site) -> String {
    let serves = site.shared && !site.has("host-dhcp-server-down");
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
