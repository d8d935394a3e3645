//! The firewall, from the output of all tools in a row.

use vmkit_types::{Reading, Unread};

use crate::{Firewall, LONGEST_TEXT, application_firewall, iptables, nftables};

/// The `sysctl` key that makes bridged frames pass the IP firewall.
const BRIDGED: &str = "bridge-nf-call-iptables";

/// Parses the output of `nft list ruleset`, `iptables-save -c`, `iptables -S -v`, `sysctl net.bridge`
/// and `socketfilterfw`, in any order.
pub fn firewall(text: &[u8]) -> Reading<Firewall> {
    if text.len() > LONGEST_TEXT {
        return Reading::Unknown(Unread::Malformed("the firewall's rules are too long".to_owned()));
    }
    let text = String::from_utf8_lossy(text);
    let setting = text.lines().rev().find_map(|line| {
        let (_, value) = line.split_once(BRIDGED)?;
        value.trim_start_matches([' ', '=', ':']).chars().next()
    });
    let bridged_frames_filtered = match setting {
        Some('0') => Some(false),
        Some('1') => Some(true),
        _ => None,
    };
    let mut firewall = Firewall { bridged_frames_filtered, ..Firewall::default() };
    firewall.drops = nftables::drops(&text, bridged_frames_filtered);
    for rule in iptables::drops(&text, bridged_frames_filtered) {
        // Both tools print the same policy; keep the one with a counter.
        let twin = firewall.drops.iter_mut().find(|other| {
            (other.drops, &other.interface) == (rule.drops, &rule.interface)
                && other.frames.is_none()
        });
        match twin {
            Some(other) => *other = rule,
            None => firewall.drops.push(rule),
        }
    }
    application_firewall::read(&text, &mut firewall);
    Reading::Known(firewall)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Output of the tools, then the dropped frames, the interface and the counter.
    #[test]
    fn reads_rules_that_drop() {
        let rows: [(&str, &[&str]); 13] = [
            (
                "table bridge ap {\n\tchain filt {\n\t\ttype filter hook forward priority filter; policy accept;\n\
                 \t\tiifname \"ap-sta\" ether saddr != 02:00:00:00:00:01 counter packets 4 bytes 1368 drop\n\t}\n}\n",
                &["ForeignMac(02:00:00:00:00:01) ap-sta 4"],
            ),
            (
                "table netdev g {\n\tchain i {\n\t\ttype filter hook ingress device \"rt0\" priority filter; policy accept;\n\
                 \t\tudp dport 67 ether saddr 02:00:00:00:00:01 @th,288,48 != 0x20000000001 counter packets 3 bytes 9 drop\n\t}\n}\n",
                &["ForeignChaddr(02:00:00:00:00:01) - 3"],
            ),
            (
                "table bridge f {\n chain c {\n type filter hook output priority 0; policy accept;\n udp sport 67 @th,2000,8 0x5 drop\n }\n}\n",
                &["DhcpAcknowledgements - ?"],
            ),
            (
                "table bridge f {\n chain c {\n type filter hook input priority 0; policy accept;\n udp dport 67 counter packets 0 bytes 0 drop\n\
                 udp sport 67 drop\n numgen random mod 100 < 60 drop\n ether type arp drop\n ether daddr ff:ff:ff:ff:ff:ff drop\n\
                 ip saddr 10.0.0.1 drop\n }\n}\n",
                &[
                    "DhcpRequests - 0",
                    "DhcpReplies - ?",
                    "AtRandom - ?",
                    "Arp - ?",
                    "Broadcast - ?",
                ],
            ),
            (
                "table inet f {\n chain in {\n type filter hook input priority 0; policy drop;\n iifname \"br0\" udp dport 67 drop\n }\n}\n",
                &["DhcpToThisHost br0 ?"],
            ),
            (
                "table ip filter {\n chain FORWARD {\n type filter hook forward priority filter; policy drop;\n }\n}\n\
                 net.bridge.bridge-nf-call-iptables = 1\n",
                &["Bridged - ?"],
            ),
            (
                "table ip filter {\n chain FORWARD {\n type filter hook forward priority filter; policy drop;\n }\n}\n\
                 net.bridge.bridge-nf-call-iptables = 0\n",
                &[],
            ),
            (
                ":FORWARD DROP [12:840]\n-A FORWARD -i docker0 -j ACCEPT\n",
                &["Bridged - 12 but docker0"],
            ),
            (":FORWARD DROP [12:840]\n-A FORWARD -m physdev --physdev-is-bridged -j ACCEPT\n", &[]),
            (
                "-P FORWARD DROP -c 7 99\n-A FORWARD -i br+ -c 0 0 -j ACCEPT\n",
                &["Bridged - 7 but br*"],
            ),
            (
                "[5:300] -A INPUT -i virbr0 -p udp -m udp --dport 67 -j DROP\n",
                &["DhcpToThisHost virbr0 5"],
            ),
            (
                "[5:300] -A FORWARD -p tcp -m tcp --dport 22 -j REJECT --reject-with tcp-reset\n",
                &["Ssh - 5"],
            ),
            ("[5:300] -A FORWARD -s 10.0.0.0/8 -j DROP\n:FORWARD ACCEPT [0:0]\n", &[]),
        ];
        for (text, expected) in rows {
            let Reading::Known(firewall) = firewall(text.as_bytes()) else { panic!("{text}") };
            let rules: Vec<_> = firewall
                .drops
                .iter()
                .map(|rule| {
                    let frames = rule.frames.map_or("?".to_owned(), |frames| frames.to_string());
                    let interface = rule.interface.as_deref().unwrap_or("-");
                    let but = rule.except.iter().map(|name| format!(" but {name}"));
                    let but: String = but.collect();
                    format!("{:?} {interface} {frames}{but}", rule.drops)
                })
                .collect();
            assert_eq!(rules, expected, "{text}");
        }
    }

    /// Output of macOS 10.14 to 15, then: bootpd blocked, all blocked, managed.
    #[test]
    fn reads_the_application_firewall() {
        let rows = [
            (
                "Firewall is enabled. (State = 1)\nFirewall has block all state set to disabled.\n\
                 Total number of apps = 2\n1 : /usr/libexec/bootpd \n   (Block incoming connections)\n\
                 2 : /usr/bin/python3 \n   (Allow incoming connections)\n",
                (Some(true), Some(false), None),
            ),
            (
                "Firewall is enabled. (State = 1)\n1 : /usr/libexec/bootpd \n   (Allow incoming connections)\n",
                (Some(false), None, None),
            ),
            ("Firewall is disabled. (State = 0)\n", (Some(false), Some(false), None)),
            ("Firewall is enabled. (State = 2)\n", (None, Some(true), None)),
            (
                "Firewall is blocking all non-essential incoming connections. (State = 2)\n",
                (None, Some(true), None),
            ),
            (
                "Firewall is enabled. (State = 1) \nBlock all DISABLED! \n\
                 Automatically allow signed built-in software ENABLED\n\
                 ALF: total number of apps = 2 \n\n1 :  /usr/libexec/bootpd \n \t ( Block incoming connections ) \n\n\
                 2 :/Applications/UTM.app \n \t ( Allow incoming connections ) \n",
                (Some(true), Some(false), None),
            ),
            (
                "Firewall is enabled. (State = 1)\n1 :/usr/libexec/bootpd\n (Block incoming connections)\n",
                (Some(true), None, None),
            ),
            (
                "Firewall settings cannot be modified from command line on managed Mac computers.\n",
                (None, None, Some(true)),
            ),
        ];
        for (text, expected) in rows {
            let Reading::Known(f) = firewall(text.as_bytes()) else { panic!("{text}") };
            assert_eq!((f.blocks_bootpd, f.blocks_all_incoming, f.managed), expected, "{text}");
        }
    }
}
