//! From facts to findings: each is present, absent, or not observed with the reason.

mod address;
mod boot;
mod capture;
mod comparison;
mod console;
mod devices;
mod dhcp_test;
mod firewall;
mod host;
mod inside;
mod lease_terms;
mod lease_values;
mod listeners;
mod machine;
mod membership;
mod outdated;
mod own_lease;
mod proxy_arp;
mod reachability;
mod route;
mod router;
mod servers;
mod sheet;
#[cfg(test)]
mod tests;
mod wifi;

use crate::{Attachment, Catalogue, Facts, Finding};
use sheet::Sheet;

/// Every finding about one machine, in the order of their codes.
pub fn findings(facts: &Facts<'_>, catalogue: &Catalogue) -> Vec<Finding> {
    let attachment = Attachment::of(facts);
    let mut sheet = Sheet::default();
    machine::judge(facts, &mut sheet);
    devices::judge(facts, &mut sheet);
    inside::judge(facts, &attachment, &mut sheet);
    console::judge(facts, &attachment, &mut sheet);
    address::judge(facts, &attachment, &mut sheet);
    outdated::judge(facts, &mut sheet);
    capture::judge(facts, &attachment, &mut sheet);
    comparison::judge(facts, &mut sheet);
    lease_terms::judge(facts, &attachment, &mut sheet);
    dhcp_test::judge(facts, &mut sheet);
    host::judge(facts, &attachment, &mut sheet);
    route::judge(facts, &attachment, &mut sheet);
    listeners::judge(facts, &attachment, &mut sheet);
    servers::judge(facts, &attachment, &mut sheet);
    firewall::judge(facts, &attachment, &mut sheet);
    router::judge(facts, &attachment, &mut sheet);
    wifi::judge(facts, &attachment, &mut sheet);
    let mut findings = sheet.complete();
    boot::judge(facts, catalogue, &mut findings);
    findings
}
