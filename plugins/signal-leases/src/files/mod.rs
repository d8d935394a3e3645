//! The lease files of this computer and of a snapshot.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use vmkit_plugin::{Cx, Error, Result, Unread, bounded};

use crate::formats::Format;

/// Largest file that is read, in bytes. A lease takes some 200, and only ISC's log has several for one
/// address. Reading this much takes some 10 ms.
const FILE_LIMIT: u64 = 16 << 20;

/// Most files of one directory or snapshot that are read: one for each network of a host.
const FILES_LIMIT: usize = 64;

/// Longest name of a bridge, in bytes: the kernel's limit.
const BRIDGE_LIMIT: usize = 15;

/// A pattern for lease files of one format.
struct FilePattern {
    /// An absolute path; its last component may hold one `*`.
    pattern: &'static str,
    format: Format,
}

const fn files(pattern: &'static str, format: Format) -> FilePattern {
    FilePattern { pattern, format }
}

/// The usual lease files. A test checks that the manifest declares them.
#[cfg(not(target_os = "macos"))]
const PATTERNS: &[FilePattern] = &[
    files("/var/lib/libvirt/dnsmasq/*.status", Format::Libvirt),
    // libvirt before 1.2.6, and networks whose helper is missing.
    files("/var/lib/libvirt/dnsmasq/*.leases", Format::Dnsmasq),
    files("/var/lib/misc/dnsmasq.leases", Format::Dnsmasq),
    files("/var/lib/dnsmasq/dnsmasq.leases", Format::Dnsmasq),
    files("/var/lib/dhcp/dhcpd*.leases", Format::Isc),
    files("/var/lib/dhcpd/dhcpd*.leases", Format::Isc),
    files("/etc/vmware/vmnet1/dhcpd/dhcpd*.leases", Format::Isc),
    files("/etc/vmware/vmnet8/dhcpd/dhcpd*.leases", Format::Isc),
];
#[cfg(target_os = "macos")]
const PATTERNS: &[FilePattern] = &[
    files("/var/db/dhcpd_leases", Format::MacOs),
    files("/var/db/vmware/vmnet-dhcpd-vmnet1.leases", Format::Isc),
    files("/var/db/vmware/vmnet-dhcpd-vmnet8.leases", Format::Isc),
    files("/Library/Preferences/Parallels/parallels_dhcp_leases", Format::Parallels),
    // Homebrew on Apple's processors, then on Intel's.
    files("/opt/homebrew/var/lib/misc/dnsmasq/dnsmasq.leases", Format::Dnsmasq),
    files("/usr/local/var/lib/misc/dnsmasq/dnsmasq.leases", Format::Dnsmasq),
];

/// One lease file.
#[derive(Debug)]
pub(crate) struct FileText {
    pub(crate) format: Format,
    /// The bridge of its leases, if its name says so.
    pub(crate) bridge: Option<String>,
    /// Its path, for messages.
    pub(crate) name: String,
    /// Its text, or why it could not be read.
    pub(crate) text: Result<Vec<u8>, Unread>,
}

/// The lease files of this computer.
pub(crate) fn live(cx: &Cx<'_>) -> Vec<FileText> {
    PATTERNS.iter().flat_map(|files| matches(files.pattern, files.format, cx)).collect()
}

fn matches(pattern: &str, format: Format, cx: &Cx<'_>) -> Vec<FileText> {
    let paths =
        if pattern.contains('*') { cx.files(pattern) } else { Ok(vec![pattern.to_owned()]) };
    let unlisted = |why: Error| FileText {
        format,
        bridge: None,
        name: pattern.to_owned(),
        text: Err(why.into()),
    };
    match paths {
        Ok(paths) => paths.iter().filter_map(|path| from_file(path, format, cx)).collect(),
        Err(why) => vec![unlisted(why)],
    }
}

/// The file at this path; `None`: it does not exist.
fn from_file(path: &str, format: Format, cx: &Cx<'_>) -> Option<FileText> {
    let text = match cx.open_file(path) {
        Ok(file) => content(file?).map_err(|error| unread("read", path.as_ref(), &error)),
        Err(error) => Err(error.into()),
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    let bridge = name.strip_suffix(".status").filter(|_| format == Format::Libvirt);
    Some(FileText { format, bridge: bridge.map(bounded_name), name: path.to_owned(), text })
}

fn bounded_name(name: &str) -> String {
    bounded(name, BRIDGE_LIMIT).to_owned()
}

fn content(file: File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(FILE_LIMIT + 1).read_to_end(&mut content)?;
    if content.len() as u64 > FILE_LIMIT {
        return Err(io::Error::other("the file is larger than 16 MiB"));
    }
    Ok(content)
}

fn unread(operation: &str, path: &Path, error: &io::Error) -> Unread {
    Error::io(&format!("{operation} {}", path.display()), error).into()
}

/// The lease files of a snapshot.
pub(crate) fn of_snapshot(cx: &Cx<'_>) -> Vec<FileText> {
    let mut texts = Vec::new();
    for name in cx.artefacts().into_iter().take(FILES_LIMIT) {
        let Some((format, bridge)) = format_of(&name) else { continue };
        let text = match cx.artefact(&name) {
            Ok(Some(file)) => content(file).map_err(|error| unread("read", name.as_ref(), &error)),
            Ok(None) => continue,
            Err(error) => Err(error.into()),
        };
        texts.push(FileText { format, bridge: bridge.map(bounded_name), name, text });
    }
    texts
}

/// The format of an artefact, and its bridge, by its name. Skips the leases of networkd, `networkd-…`: a
/// guest's file has no MAC, and the host's file has the host's addresses.
fn format_of(artefact: &str) -> Option<(Format, Option<&str>)> {
    let name = artefact.strip_prefix("leases/")?;
    let bridge = name.strip_prefix("libvirt-").and_then(|rest| rest.strip_suffix(".status"));
    let format = match name {
        _ if bridge.is_some() => Format::Libvirt,
        "dhcpd_leases" => Format::MacOs,
        "parallels.leases" => Format::Parallels,
        _ if !name.ends_with(".leases") => return None,
        _ if name.starts_with("dnsmasq") => Format::Dnsmasq,
        _ if name.starts_with("dhcpd") => Format::Isc,
        _ => return None,
    };
    Some((format, bridge))
}

/// The names of these files in a snapshot. The second file of a format gets a number.
pub(crate) fn artefacts(texts: &[FileText]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(texts.len());
    for text in texts {
        let (stem, ending) = match (text.format, &text.bridge) {
            (Format::MacOs, _) => ("dhcpd_leases".to_owned(), ""),
            (Format::Dnsmasq, _) => ("dnsmasq".to_owned(), ".leases"),
            (Format::Libvirt, bridge) => {
                (format!("libvirt-{}", bridge.as_deref().unwrap_or("0")), ".status")
            }
            (Format::Isc, _) => ("dhcpd".to_owned(), ".leases"),
            (Format::Parallels, _) => ("parallels".to_owned(), ".leases"),
        };
        let before = names.iter().filter(|name| {
            let rest = name.strip_prefix("leases/").and_then(|name| name.strip_prefix(&*stem));
            rest.is_some_and(|rest| rest == ending || rest.starts_with('-'))
        });
        names.push(match before.count() {
            0 => format!("leases/{stem}{ending}"),
            count => format!("leases/{stem}-{}{ending}", count + 1),
        });
    }
    names
}

#[cfg(test)]
mod tests;
