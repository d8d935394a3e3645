//! The leases of DHCP servers, in all formats.

#![cfg_attr(fuzzing, no_main)]

use signal_leases::Leases;
use vmkit_fuzz::{artefact, discover};
use vmkit_testkit::FakeHost;

fn read(bytes: &[u8]) {
    let file = artefact(bytes);
    let host = FakeHost::new()
        .with_artefact_file("leases/dhcpd_leases", &file)
        .with_artefact_file("leases/dnsmasq.leases", &file)
        .with_artefact_file("leases/libvirt-virbr0.status", &file)
        .with_artefact_file("leases/dhcpd.leases", &file)
        .with_artefact_file("leases/parallels.leases", &file)
        .with_artefact_file("leases/kea.csv", &file);
    discover::<Leases>(&host);
}

vmkit_fuzz::target!();
