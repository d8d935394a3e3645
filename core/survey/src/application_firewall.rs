//! Parses the output of macOS's `socketfilterfw` for `--getglobalstate`, `--getblockall` and `--listapps`.

use crate::Firewall;

/// Adds the output's facts to the firewall.
pub(crate) fn read(text: &str, firewall: &mut Firewall) {
    let mut enabled = None;
    let mut app = None;
    for line in text.lines().map(str::trim) {
        let lower = line.to_ascii_lowercase();
        if lower.contains("managed mac") || lower.contains("cannot be modified from command line") {
            firewall.managed = Some(true);
        } else if lower.starts_with("firewall is") || lower.starts_with("global state") {
            enabled = Some(!lower.contains("disabled") && !lower.contains("state = 0"));
            if ["state = 2", "block all", "blocking all"].iter().any(|all| lower.contains(all)) {
                firewall.blocks_all_incoming = Some(true);
            }
        } else if lower.contains("block all") || lower.contains("blocking all") {
            let off = lower.contains("disabled")
                || lower.contains("non-essential incoming connections is off");
            firewall.blocks_all_incoming = Some(!off);
        } else if let Some((_, path)) = lower.split_once(':').filter(|(n, _)| is_number(n)) {
            app = Some(path.ends_with("/bootpd") || path.contains("/bootpd "));
        } else if lower.contains("incoming connections") && app == Some(true) {
            firewall.blocks_bootpd = Some(lower.contains("block"));
        }
    }
    if enabled == Some(false) {
        firewall.blocks_bootpd = Some(false);
        firewall.blocks_all_incoming = Some(false);
    } else if enabled == Some(true) && app.is_some() && firewall.blocks_bootpd.is_none() {
        // The list lacks bootpd, so nothing blocks it.
        firewall.blocks_bootpd = Some(false);
    }
}

fn is_number(word: &str) -> bool {
    let word = word.trim();
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}
