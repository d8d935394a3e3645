//! The lease files of this computer and of a snapshot.

mod names;
mod text;

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use vmkit_leases::Format;
use vmkit_plugin::{Cx, Error, Unread};

pub(crate) use names::artefacts;
use names::{bridge_of, format_of, plain_name};
pub(crate) use text::FileText;

/// Largest file that is read, in bytes. A lease takes some 200, and only ISC's log has several for one
/// address. Reading this much takes some 10 ms.
const FILE_LIMIT: u64 = 16 << 20;

/// Most files of one directory or snapshot that are read: one for each network of a host.
const FILES_LIMIT: usize = 64;

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
    // LXC appends its bridge.
    files("/var/lib/misc/dnsmasq*.leases", Format::Dnsmasq),
    files("/var/lib/dnsmasq/dnsmasq.leases", Format::Dnsmasq),
    // The network of shared mode.
    files("/run/vmkit/shared/dnsmasq.leases", Format::Dnsmasq),
    files("/var/lib/incus/networks/*/dnsmasq.leases", Format::Dnsmasq),
    files("/var/lib/lxd/networks/*/dnsmasq.leases", Format::Dnsmasq),
    files("/var/snap/lxd/common/lxd/networks/*/dnsmasq.leases", Format::Dnsmasq),
    files("/var/snap/multipass/common/data/multipassd/network/dnsmasq.leases", Format::Dnsmasq),
    // A connection that NetworkManager shares.
    files("/var/lib/NetworkManager/dnsmasq-*.leases", Format::Dnsmasq),
    files("/var/lib/dhcp/dhcpd*.leases", Format::Isc),
    files("/var/lib/dhcpd/dhcpd*.leases", Format::Isc),
    files("/etc/vmware/vmnet*/dhcpd/dhcpd.leases", Format::Isc),
    // What the last clean-up left, what it works on, and what came since.
    files("/var/lib/kea/kea-leases4.csv.2", Format::Kea),
    files("/var/lib/kea/kea-leases4.csv.1", Format::Kea),
    files("/var/lib/kea/kea-leases4.csv", Format::Kea),
    files("/var/lib/kea/dhcp4.leases", Format::Kea),
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

/// The lease files of this computer.
pub(crate) fn live(cx: &Cx<'_>) -> Vec<FileText> {
    let all = PATTERNS.iter().flat_map(|files| matches(files.pattern, files.format, cx));
    joined(all.collect())
}

/// Joins the files of Kea, which are parts of one log, the oldest first.
fn joined(files: Vec<FileText>) -> Vec<FileText> {
    let mut joined: Vec<FileText> = Vec::new();
    for file in files {
        match joined.iter_mut().find(|it| it.format == Format::Kea && file.format == Format::Kea) {
            Some(first) => match (&mut first.text, file.text) {
                (Ok(text), Ok(more)) => {
                    text.push(b'\n');
                    text.extend(more);
                }
                (Ok(_), Err(why)) => first.text = Err(why),
                (Err(_), _) => {}
            },
            None => joined.push(file),
        }
    }
    joined
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
    let bridge = bridge_of(path, format).and_then(plain_name);
    Some(FileText { format, bridge, name: path.to_owned(), text })
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
        let bridge = bridge.and_then(plain_name);
        texts.push(FileText { format, bridge, name, text });
    }
    texts
}

#[cfg(test)]
mod tests;
