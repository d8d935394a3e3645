//! Parses the output of macOS's `socketfilterfw` for `--getglobalstate`, `--getblockall`, `--getallowsigned`
//! and `--listapps`.

use crate::Firewall;

/// Adds the output's facts to the firewall.
pub(crate) fn read(text: &str, firewall: &mut Firewall) {
    let (mut enabled, mut allows_built_in) = (None, None);
    let (mut app, mut listed, mut list_seen) = (None, false, false);
    for line in text.lines().map(str::trim) {
        let lower = line.to_ascii_lowercase();
        if lower.contains("managed mac") || lower.contains("cannot be modified from command line") {
            firewall.managed = Some(true);
        } else if lower.starts_with("firewall is") || lower.starts_with("global state") {
            enabled = Some(!lower.contains("disabled") && !lower.contains("state = 0"));
            if ["state = 2", "block all", "blocking all"].iter().any(|all| lower.contains(all)) {
                firewall.blocks_all_incoming = Some(true);
            }
        } else if lower.starts_with("automatically allow") && lower.contains("built-in") {
            allows_built_in = Some(!lower.contains("disabled"));
        } else if lower.contains("total number of apps") {
            list_seen = true;
        } else if lower.contains("block all") || lower.contains("blocking all") {
            let off = lower.contains("disabled")
                || lower.contains("non-essential incoming connections is off");
            firewall.blocks_all_incoming = Some(!off);
        } else if let Some((_, path)) = lower.split_once(':').filter(|(n, _)| is_number(n)) {
            app = Some(path.ends_with("/bootpd") || path.contains("/bootpd "));
            listed |= app == Some(true);
        } else if lower.contains("incoming connections") && app == Some(true) {
            firewall.blocks_bootpd = lower.contains("block").then_some(true);
        }
    }
    firewall.application_enabled = enabled;
    // bootpd is built in: without its own entry this setting decides.
    if enabled == Some(true) && list_seen && !listed && allows_built_in == Some(false) {
        firewall.blocks_bootpd = Some(true);
    }
    if enabled == Some(false) {
        firewall.blocks_bootpd = Some(false);
        firewall.blocks_all_incoming = Some(false);
    }
}

fn is_number(word: &str) -> bool {
    let word = word.trim();
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}
