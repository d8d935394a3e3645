//! The firewall, from the output of all tools in a row.

use vmkit_types::{Reading, Unread};

use crate::{Firewall, LONGEST_TEXT, RuleSet, application_firewall};

/// The `sysctl` key that makes bridged frames pass the IP firewall.
const BRIDGED: &str = "bridge-nf-call-iptables";

/// Parses the output of `nft list ruleset`, `iptables-save -c`, `ebtables-save`, `sysctl net.bridge` and
/// `socketfilterfw`, in any order. `document`: that of `nft -j list ruleset`, which says more.
pub fn firewall(text: &[u8], document: Option<&[u8]>) -> Reading<Firewall> {
    if text.len().max(document.map_or(0, <[u8]>::len)) >= LONGEST_TEXT {
        return Reading::Unknown(Unread::Malformed("the firewall's rules are too long".to_owned()));
    }
    let text = String::from_utf8_lossy(text);
    let document = document.map(String::from_utf8_lossy);
    let setting = text.lines().rev().find_map(|line| {
        let (_, value) = line.split_once(BRIDGED)?;
        value.trim_start_matches([' ', '=', ':']).chars().next()
    });
    let bridged_filtered = match setting {
        Some('0') => Some(false),
        Some('1') => Some(true),
        _ => None,
    };
    let rules = RuleSet::read(&text, document.as_deref(), bridged_filtered);
    let mut firewall = Firewall { rules, ..Firewall::default() };
    application_firewall::read(&text, &mut firewall);
    Reading::Known(firewall)
}

#[cfg(test)]
mod tests {
    use super::*;

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
                (None, None, None),
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
            // Without an entry of its own, what is built in is blocked by the setting.
            (
                "Firewall is enabled. (State = 1)\nFirewall has block all state set to disabled.\n\
                 Automatically allow built-in signed software DISABLED.\n\
                 Automatically allow downloaded signed software ENABLED.\n\
                 Total number of apps = 1 \n1 : /Applications/UTM.app \n             (Allow incoming connections)\n",
                (Some(true), Some(false), None),
            ),
            (
                "Firewall is enabled. (State = 1)\nFirewall has block all state set to disabled.\n\
                 Automatically allow built-in signed software ENABLED.\n\
                 Automatically allow downloaded signed software DISABLED.\nTotal number of apps = 0 \n",
                (None, Some(false), None),
            ),
            (
                "Firewall is disabled. (State = 0)\n\
                 Automatically allow built-in signed software DISABLED.\nTotal number of apps = 0 \n",
                (Some(false), Some(false), None),
            ),
            (
                "Firewall settings cannot be modified from command line on managed Mac computers.\n",
                (None, None, Some(true)),
            ),
        ];
        for (text, expected) in rows {
            let Reading::Known(f) = firewall(text.as_bytes(), None) else { panic!("{text}") };
            assert_eq!((f.blocks_bootpd, f.blocks_all_incoming, f.managed), expected, "{text}");
        }
    }
}
