//! What a snapshot of a diagnosis holds beside the signals' artefacts.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use vmkit_types::Reading;

use super::gather::Gathered;
use crate::arguments;

/// The directory to write to, made and empty.
pub(crate) fn target(wanted: &arguments::Doctor) -> anyhow::Result<Option<PathBuf>> {
    let Some(directory) = &wanted.save else { return Ok(None) };
    // Workers have another working directory.
    let directory = std::path::absolute(directory).context("cannot name the directory")?;
    vmkit_snapshot::prepare(&directory)?;
    Ok(Some(directory))
}

/// Writes the captures, the test, the gateway's word and the host's texts.
pub(crate) fn write(directory: &Path, gathered: &Gathered) -> anyhow::Result<()> {
    let put = |name: &str, bytes: &[u8]| vmkit_snapshot::put(directory, name, bytes);
    let guests =
        gathered.guests.iter().map(|(name, seen)| (format!("dhcp/guest-{name}.pcap"), seen));
    // The format has one uplink; further ones are kept beside it.
    let uplinks = gathered.uplinks.iter().enumerate().map(|(place, (name, seen))| {
        let name = if place == 0 { "uplink".to_owned() } else { format!("uplink-{name}") };
        (format!("dhcp/{name}.pcap"), seen)
    });
    for (name, seen) in guests.chain(uplinks) {
        let Reading::Known(seen) = seen else { continue };
        put(&name, &seen.pcap)?;
    }
    let tested: Vec<_> =
        gathered.tests.values().filter_map(|tested| tested.as_ref().known()).collect();
    if let Some(first) = tested.first() {
        let results: Vec<_> = tested.iter().flat_map(|t| t.results.clone()).collect();
        put("probe-dhcp.json", &vmkit_snapshot::write_dhcp_test(&results)?)?;
        put("dhcp/probe.pcap", &first.pcap)?;
    }
    if let Some(replies) = &gathered.replies {
        let files = vmkit_gateway::write(replies)?;
        let parts = [
            ("gateway/http.json", files.http),
            ("gateway/ssdp.xml", files.ssdp),
            ("gateway/names.json", files.names),
        ];
        for (name, bytes) in parts {
            bytes.map(|bytes| put(name, &bytes)).transpose()?;
        }
    }
    if let Some(texts) = &gathered.texts {
        let parts = [
            ("host/bridge.json", texts.bridges.as_ref().map(|text| text.as_bytes().to_vec())),
            ("host/firewall.txt", texts.firewall.as_ref().map(|text| text.as_bytes().to_vec())),
            ("host/listeners.txt", texts.listeners.as_ref().map(|text| text.as_bytes().to_vec())),
            ("host/hosts", texts.hosts.clone()),
        ];
        for (name, text) in parts {
            text.known().map(|bytes| put(name, &bytes)).transpose()?;
        }
    }
    Ok(())
}
