//! Records that are kept as labelled cases.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::row::Row;

/// Replaces the records that are kept.
const UPDATE: &str = "UPDATE_LAB_CORPUS";

/// One scenario for each cause, and what is hard to tell apart.
const KEPT: &[&str] = &[
    "access-point-drops-foreign-mac",
    "acknowledgement-lost",
    "address-taken-while-away",
    "arp-filtered",
    "bridge-without-address",
    "broadcast-replies-filtered",
    "duplicate-address",
    "firewall-drops-bridged",
    "guest-asks-nothing",
    "guest-cable-pulled",
    "guest-discards-offers",
    "guest-firewall-drops-ssh",
    "guest-panics",
    "guest-static-elsewhere",
    "guest-still-booting",
    "guest-still-without-network",
    "healthy-dhcpcd",
    "healthy-host-is-the-server",
    "healthy-udhcpc",
    "healthy-wifi-mac-nat",
    "hosts-file-is-old",
    "host-firewall-blocks-its-server",
    "host-server-down",
    "isolated-and-no-server",
    "pool-exhausted-kea",
    "port-disabled",
    "port-learns-long",
    "replies-blocked-dhcpcd",
    "requests-blocked",
    "rogue-server-of-another-network",
    "router-blocks-the-machine",
    "router-guards-chaddr",
    "same-client-identifier-twice",
    "same-mac-twice",
    "server-gives-another-network",
    "server-hangs",
    "two-servers-refuse-each-other",
    "unicast-offer-ends-at-host",
    "uplink-down",
    "vpn-takes-the-network",
    "wifi-in-no-bridge",
    "wrong-uplink",
];

/// Keeps the record in the corpus, with its label, where that is asked for.
pub(crate) fn keep(row: &Row, record: &Path) {
    if std::env::var_os(UPDATE).is_none() || !KEPT.contains(&row.name) {
        return;
    }
    let kept = folder().join(row.name);
    drop(fs::remove_dir_all(&kept));
    copy(record, &kept);
    let mut label = json!({ "causes": row.causes, "machine": "web", "may": row.may });
    if !row.awaits.is_empty() {
        // During a boot nobody can tell a fault from a healthy guest.
        label["knowable"] = false.into();
    }
    fs::write(kept.join("label.json"), format!("{label:#}\n")).expect("a label");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/doctor")
}

/// Copies a folder, whatever rights its files have.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a record") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            // Not `fs::copy`, which would keep the mode that nobody but the owner can read.
            let bytes = fs::read(entry.path()).expect("a file");
            fs::write(target, bytes).expect("a file");
        }
    }
}
