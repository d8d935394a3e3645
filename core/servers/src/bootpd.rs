//! macOS's bootpd, which serves the networks that the system shares: `/etc/bootpd.plist`.

use std::net::Ipv4Addr;

use serde_json::Value;
use vmkit_formats::plist;
use vmkit_leases::Format;
use vmkit_types::{Reading, Unread};

use crate::{
    Files,
    config::{Config, LeaseFiles},
};

const FILE: &str = "/etc/bootpd.plist";
const LEASES: &str = "/var/db/dhcpd_leases";

/// The configuration of the system's server. Without the file it serves nothing.
pub(crate) fn config(files: &dyn Files) -> Config {
    let mut config = Config { keeps_reserved: false, ..Config::default() };
    let paths = vec![LEASES.to_owned()];
    config.leases =
        Reading::Known(LeaseFiles { format: Format::MacOs, paths, made_at_start: false });
    match files.text(FILE) {
        Reading::Known(text) => match plist::parse(text.as_bytes()) {
            Ok(document) => of_document(&document, &mut config),
            Err(error) => config.cannot_read(Unread::Malformed(format!("{FILE}: {error}"))),
        },
        Reading::Absent => {}
        Reading::Unknown(why) => config.cannot_read(why),
    }
    config
}

fn of_document(document: &Value, config: &mut Config) {
    match &document["dhcp_enabled"] {
        // It serves no interface.
        Value::Null | Value::Bool(false) => return,
        Value::Array(names) if names.is_empty() => return,
        // It serves all of them.
        Value::Bool(true) => {}
        Value::String(name) => config.add_interface(name),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).for_each(|name| config.add_interface(name));
        }
        _ => return config.cannot_read(Unread::Malformed(format!("{FILE}: dhcp_enabled"))),
    }
    for subnet in document["Subnets"].as_array().into_iter().flatten() {
        let allocates = subnet["allocate"].as_bool().unwrap_or_default();
        let end = |at: usize| subnet["net_range"][at].as_str()?.parse::<Ipv4Addr>().ok();
        match (end(0), end(1)) {
            _ if !allocates => {}
            (Some(first), Some(last)) => config.add_range(first, last),
            _ => config.cannot_read(Unread::Malformed(format!("{FILE}: net_range"))),
        }
    }
}
