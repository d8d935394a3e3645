//! A plugin's manifest.

#![cfg_attr(fuzzing, no_main)]

use vmkit_wire::Manifest;

fn read(bytes: &[u8]) {
    if let Ok(manifest) = String::from_utf8_lossy(bytes).parse::<Manifest>() {
        _ = std::hint::black_box(manifest.declares_artefact("leases/dnsmasq-br0.leases"));
    }
}

vmkit_fuzz::target!();
