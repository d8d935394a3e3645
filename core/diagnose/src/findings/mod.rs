//! From facts to findings: each present, absent, or not observed and why.

mod address;
mod boot;
mod capture;
mod console;
mod dhcp_test;
mod firewall;
mod host;
mod lease_terms;
mod machine;
mod outdated;
mod place;
mod proxy_arp;
mod router;
mod sheet;
#[cfg(test)]
mod tests;

use crate::{Catalogue, Facts, Finding};
pub(crate) use address::is_bygone;
pub use place::Place;
use sheet::Sheet;

/// Every finding of the catalogue for one machine, in the catalogue's order.
pub fn findings(facts: &Facts<'_>, catalogue: &Catalogue) -> Vec<Finding> {
    let place = Place::of(facts);
    let mut sheet = Sheet::default();
    machine::judge(facts, &mut sheet);
    console::judge(facts, &place, &mut sheet);
    address::judge(facts, &place, &mut sheet);
    outdated::judge(facts, &mut sheet);
    capture::judge(facts, &place, &mut sheet);
    lease_terms::judge(facts, &place, &mut sheet);
    dhcp_test::judge(facts, &mut sheet);
    host::judge(facts, &place, &mut sheet);
    firewall::judge(facts, &place, &mut sheet);
    router::judge(facts, &place, &mut sheet);
    let mut findings = sheet.complete(catalogue);
    boot::judge(facts, catalogue, &mut findings);
    findings
}
