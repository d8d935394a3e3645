//! `socketfilterfw` with `--getglobalstate`, `--getblockall`, `--getallowsigned` and `--listapps`.

use std::fmt::Write as _;

use crate::Mac;

/// The settings of the application firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firewall {
    /// Whether it is on.
    pub on: bool,
    /// Whether software that comes with macOS is allowed without an entry.
    pub allows_built_in: bool,
    /// Whether bootpd is allowed; `None`: it has no entry.
    pub bootpd: Option<bool>,
}

impl Mac {
    /// The four texts in a row.
    pub fn firewall(&self, firewall: Firewall) -> String {
        let state = if firewall.on { "enabled. (State = 1)" } else { "disabled. (State = 0)" };
        let word = if firewall.allows_built_in { "ENABLED" } else { "DISABLED" };
        let old = self.release < 15;
        let signed = if old {
            format!("Automatically allow signed built-in software {word}\n")
        } else {
            format!("Automatically allow built-in signed software {word}.\n")
        };
        let mut text = format!(
            "Firewall is {state}\nFirewall has block all state set to disabled.\n{signed}\
             Automatically allow downloaded signed software ENABLED.\n"
        );
        let mut apps = vec![("/Applications/UTM.app", true)];
        apps.extend(firewall.bootpd.map(|allowed| ("/usr/libexec/bootpd", allowed)));
        let heading = if old { "ALF: total" } else { "Total" };
        _ = writeln!(text, "{heading} number of apps = {} ", apps.len());
        for (number, (path, allowed)) in (1..).zip(apps) {
            let word = if allowed { "Allow" } else { "Block" };
            _ = if old {
                write!(text, "\n{number} :  {path} \n \t ( {word} incoming connections ) \n")
            } else {
                write!(text, "{number} : {path} \n             ({word} incoming connections)\n")
            };
        }
        text
    }
}
