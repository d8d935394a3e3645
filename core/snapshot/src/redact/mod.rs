//! Replaces everything in a snapshot that is not known to identify nobody, each thing by the same stand-in
//! everywhere.
//!
//! Keeps what a diagnosis needs: the vendor's half of a MAC, the network of an address and whether it
//! looks like a gateway's, lengths and times. Packets and the gateway's pages are built anew from the
//! fields that are read; texts keep known words.

mod addresses;
mod capture;
mod forms;
mod gateway;
mod json;
mod names;
mod stand_ins;
mod text;
mod words;

use vmkit_files::Directory;

pub(crate) use names::Names;

use crate::{
    artefacts::{MONITORS, artefacts},
    limits::{DOCUMENT, LARGEST_ARTEFACT},
    put::{SaveError, put, unwritable},
};
use stand_ins::StandIns;

/// Files of plugins that are not vmkit's own.
const OF_OTHERS: &str = "plugins/";

/// The release and the build of macOS.
const RELEASE: &str = "tools/release.txt";

/// Writes what the snapshot in `from` holds into `to`, redacted. Files in other places than those of the
/// format are dropped.
///
/// # Errors
/// A file cannot be read or written.
pub(crate) fn copy(from: &Directory, to: &Directory, names: &Names) -> Result<(), SaveError> {
    let mut stand_ins = StandIns::new(names);
    let files = artefacts(from, &mut Vec::new()).into_keys();
    // What the plugins of others record has no form that could be checked.
    let files = files.filter(|name| !name.starts_with(OF_OTHERS));
    // Last: a directory that has the document is complete.
    let last = [MONITORS, DOCUMENT].map(str::to_owned);
    for name in files.chain(last) {
        let path = from.path().join(&name);
        let Some(bytes) = from.read(&name, LARGEST_ARTEFACT).map_err(unwritable(&path))? else {
            continue;
        };
        let redacted = file(&name, &bytes, &mut stand_ins);
        put(to, &path_in(&name, &mut stand_ins), &redacted)?;
    }
    Ok(())
}

fn file(name: &str, bytes: &[u8], stand_ins: &mut StandIns<'_>) -> Vec<u8> {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match (name, extension) {
        ("gateway/http.json", _) => gateway::pages(bytes, stand_ins),
        ("gateway/ssdp.xml", _) => gateway::description(bytes, stand_ins),
        (_, "pcap") => capture::redact(bytes, stand_ins),
        // What a plugin of others declares may name its maker, and its files are dropped.
        (DOCUMENT, _) => json::redact_without("claims", bytes, stand_ins),
        (_, "json") => json::redact(bytes, stand_ins),
        (RELEASE, _) => text::redact(&spaced(bytes), stand_ins),
        _ => text::redact(bytes, stand_ins),
    }
}

/// `24E248` as `24 E 248`: a build is a code, which would get a stand-in, and its parts are numbers and letters.
fn spaced(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (place, byte) in text.iter().enumerate() {
        let before = place.checked_sub(1).map_or(b' ', |before| text[before]);
        let ends_number = before.is_ascii_digit() && byte.is_ascii_alphabetic();
        if ends_number || (before.is_ascii_alphabetic() && byte.is_ascii_digit()) {
            out.push(b' ');
        }
        out.push(*byte);
    }
    out
}

/// The path of a file, in whose name a machine's may stand: `dhcp/guest-NAME.pcap`, `console/NAME.log`.
fn path_in(path: &str, stand_ins: &mut StandIns<'_>) -> String {
    let Some((folder, file)) = path.split_once('/') else { return path.to_owned() };
    let Some((stem, extension)) = file.rsplit_once('.') else { return path.to_owned() };
    let (before, name) = match stem.strip_prefix("guest-") {
        Some(name) => ("guest-", name),
        None => ("", stem),
    };
    let (name, extension) =
        (text::redact_name(name, stand_ins), text::redact_str(extension, stand_ins));
    format!("{folder}/{before}{name}.{extension}")
}
