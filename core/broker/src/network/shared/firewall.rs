//! The network's own rules: its machines reach beyond it as this computer, and nothing reaches them.

use vmkit_attach::{SHARED_BRIDGE, Subnet};
use vmkit_rights::Refusal;

use super::tools::run;

/// The table, which is the network's own.
pub(super) const TABLE: &str = "vmkit_shared";

/// Puts the rules in place, in one step.
pub(super) fn set(subnet: &Subnet, unforwarded: &[String]) -> Result<(), Refusal> {
    run("nft", &[table(subnet, unforwarded)]).map(drop)
}

/// Removes them.
pub(super) fn remove() -> Result<(), Refusal> {
    run("nft", &[format!("table inet {TABLE}; delete table inet {TABLE}")]).map(drop)
}

/// The commands for the table. `unforwarded`: interfaces between which this computer forwarded nothing
/// before the network began, and does not because of it.
fn table(subnet: &Subnet, unforwarded: &[String]) -> String {
    let (bridge, network, gateway) = (SHARED_BRIDGE, subnet.network(), subnet.gateway);
    let quoted: Vec<String> = unforwarded.iter().map(|name| format!("\"{name}\"")).collect();
    let closed = if quoted.is_empty() {
        String::new()
    } else {
        let names = quoted.join(", ");
        // What one bridge passes on can pass here, too.
        let same: Vec<String> = quoted.iter().map(|name| format!("{name} . {name}")).collect();
        let same = same.join(", ");
        format!(
            "iifname . oifname {{ {same} }} accept; \
             iifname {{ {names} }} oifname {{ {names} }} drop; "
        )
    };
    format!(
        "table inet {TABLE}; delete table inet {TABLE}; table inet {TABLE} {{ \
         chain input {{ type filter hook input priority filter; policy accept; \
         iifname != {{ \"{bridge}\", \"lo\" }} ip daddr {gateway} drop; }}; \
         chain forward {{ type filter hook forward priority filter; policy accept; \
         iifname \"{bridge}\" oifname \"{bridge}\" accept; \
         iifname \"{bridge}\" ip saddr != {network} counter drop; \
         iifname \"{bridge}\" meta nfproto ipv6 drop; \
         iifname \"{bridge}\" accept; oifname \"{bridge}\" ct state established,related accept; \
         oifname \"{bridge}\" drop; {closed}}}; \
         chain postrouting {{ type nat hook postrouting priority srcnat; policy accept; \
         ip saddr {network} ip daddr != {{ {network}, 224.0.0.0/24, 255.255.255.255 }} masquerade; }}; \
         }}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwards_for_its_machines_alone() {
        let subnet = Subnet { gateway: [192, 168, 105, 1].into(), prefix: 24, moved_because: None };
        let opened = table(&subnet, &[]);
        assert!(opened.contains("ip saddr 192.168.105.0/24 ip daddr != { 192.168.105.0/24, "));
        assert!(!opened.contains("iifname {"), "{opened}");
        let foreign = "iifname \"vmkit0\" ip saddr != 192.168.105.0/24 counter drop; ";
        assert!(opened.contains(foreign), "only with addresses of theirs: {opened}");
        let closed = table(&subnet, &["eth0".to_owned(), "wg0".to_owned()]);
        let rule = "iifname { \"eth0\", \"wg0\" } oifname { \"eth0\", \"wg0\" } drop; ";
        assert!(closed.contains(rule), "{closed}");
        let same = "iifname . oifname { \"eth0\" . \"eth0\", \"wg0\" . \"wg0\" } accept; ";
        assert!(closed.contains(same), "{closed}");
    }
}
