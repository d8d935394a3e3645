//! What a snapshot of an examination holds beside the signals' artefacts.

use std::io;

use vmkit_dhcp::TestResult;
use vmkit_files::Directory;
use vmkit_gateway::GatewayReplies;
use vmkit_model::stem;
use vmkit_platform::SurveyTexts;
use vmkit_snapshot::put;
use vmkit_types::Reading;

use crate::{Captures, Error, Gathered, OfferTest};

impl Gathered {
    /// Writes the captures, the offer tests, the guests' answers, the gateway's replies and the host's texts into the
    /// directory of a snapshot.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save(&self, directory: &Directory) -> Result<(), Error> {
        save_captures(directory, &self.captures)?;
        let tests: Vec<_> = self.tests.values().filter_map(|test| test.as_ref().known()).collect();
        save_tests(directory, &tests)?;
        for (name, answer) in &self.inside {
            put(directory, &format!("inside/{}.txt", stem(name)), &answer.text)?;
        }
        if let Reading::Known(replies) = &self.replies {
            save_replies(directory, replies)?;
        }
        if let Reading::Known(texts) = &self.texts {
            save_texts(directory, texts)?;
        }
        Ok(())
    }
}

fn save_captures(directory: &Directory, captures: &Captures) -> Result<(), Error> {
    let guests = captures.guests.iter();
    let guests = guests.map(|(name, capture)| (format!("dhcp/guest-{}.pcap", stem(name)), capture));
    // The format has one uplink; further ones are kept beside it.
    let uplinks = captures.uplinks.iter().enumerate().map(|(place, (name, capture))| {
        let name = if place == 0 { "uplink".to_owned() } else { format!("uplink-{name}") };
        (format!("dhcp/{name}.pcap"), capture)
    });
    for (name, capture) in guests.chain(uplinks) {
        let Reading::Known(capture) = capture else { continue };
        put(directory, &name, &capture.pcap)?;
    }
    Ok(())
}

fn save_tests(directory: &Directory, tests: &[&OfferTest]) -> Result<(), Error> {
    let Some(first) = tests.first() else { return Ok(()) };
    // Machines at one interface share the cases that are not their own.
    let mut results: Vec<TestResult> = Vec::new();
    for result in tests.iter().flat_map(|test| &test.results) {
        if !results.contains(result) {
            results.push(result.clone());
        }
    }
    let bytes = vmkit_snapshot::write_dhcp_test(&results);
    let bytes = bytes.map_err(|error| unencodable("the offer tests")(error.into()))?;
    put(directory, "probe-dhcp.json", &bytes)?;
    put(directory, "dhcp/probe.pcap", &first.pcap)?;
    Ok(())
}

fn save_replies(directory: &Directory, replies: &GatewayReplies) -> Result<(), Error> {
    let files = vmkit_gateway::write(replies).map_err(unencodable("the gateway's replies"))?;
    let parts = [
        ("gateway/http.json", files.http),
        ("gateway/ssdp.xml", files.ssdp),
        ("gateway/names.json", files.names),
    ];
    for (name, bytes) in parts {
        bytes.map(|bytes| put(directory, name, &bytes)).transpose()?;
    }
    Ok(())
}

/// By the tool that shows it on macOS; on Linux several clients keep one.
const OWN_LEASE: &str =
    if cfg!(target_os = "macos") { "host/ipconfig-getpacket.txt" } else { "host/own-lease.txt" };

fn save_texts(directory: &Directory, texts: &SurveyTexts) -> Result<(), Error> {
    let parts = [
        ("host/bridge.json", texts.bridges.as_ref().map(String::as_bytes)),
        ("host/firewall.txt", texts.firewall.as_ref().map(String::as_bytes)),
        ("host/listeners.txt", texts.listeners.as_ref().map(String::as_bytes)),
        ("host/dhcp-server.json", texts.servers.as_ref().map(String::as_bytes)),
        ("host/hosts", texts.hosts.as_ref().map(Vec::as_slice)),
        ("host/firewall.json", texts.firewall_document.as_ref().map(String::as_bytes)),
        ("host/forwarding.txt", texts.forwarding.as_ref().map(String::as_bytes)),
        (OWN_LEASE, texts.own_leases.as_ref().map(String::as_bytes)),
        ("host/routes-to.txt", texts.routes.as_ref().map(String::as_bytes)),
    ];
    for (name, text) in parts {
        text.known().map(|bytes| put(directory, name, bytes)).transpose()?;
    }
    Ok(())
}

fn unencodable(part: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Encode { part, source }
}
