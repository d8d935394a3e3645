//! The names of lease files: what they say of their networks, and how a snapshot calls the files.

use vmkit_leases::Format;

use super::text::FileText;

/// Longest name of an interface, in bytes: the kernel's limit.
const INTERFACE_LIMIT: usize = 15;

/// The bridge of the leases in the file at this path, if the path says so.
pub(super) fn bridge_of(path: &str, format: Format) -> Option<&str> {
    let mut parts = path.rsplit('/');
    let (name, folder) = (parts.next()?, parts.next()?);
    let inside = |start: &str| name.strip_prefix(start)?.strip_suffix(".leases");
    match format {
        Format::Libvirt => name.strip_suffix(".status"),
        // `networks/BRIDGE/dnsmasq.leases` of Incus and LXD.
        Format::Dnsmasq if parts.next() == Some("networks") => Some(folder),
        // `dnsmasq-INTERFACE.leases` of NetworkManager, `dnsmasq.BRIDGE.leases` of LXC.
        Format::Dnsmasq => inside("dnsmasq-").or_else(|| inside("dnsmasq.")),
        // `vmnet8/dhcpd/dhcpd.leases` of VMware.
        Format::Isc => parts.next().filter(|name| name.starts_with("vmnet")),
        Format::MacOs | Format::Parallels | Format::Kea => None,
    }
}

/// A name that an interface can have and that is no number, which a snapshot gives to further files.
pub(super) fn plain_name(name: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let fits = (1..=INTERFACE_LIMIT).contains(&name.len()) && name.bytes().all(plain);
    let number = name.bytes().all(|byte| byte.is_ascii_digit());
    (fits && !number).then(|| name.to_owned())
}

/// The format of an artefact, and its bridge, by its name. Skips the leases of networkd, `networkd-…`: a
/// guest's file has no MAC, and the host's file has the host's addresses.
pub(super) fn format_of(artefact: &str) -> Option<(Format, Option<&str>)> {
    let name = artefact.strip_prefix("leases/")?;
    let stems = [
        ("libvirt", ".status", Format::Libvirt),
        ("dnsmasq", ".leases", Format::Dnsmasq),
        ("dhcpd", ".leases", Format::Isc),
        ("kea", ".csv", Format::Kea),
    ];
    match name {
        "dhcpd_leases" => return Some((Format::MacOs, None)),
        "parallels.leases" => return Some((Format::Parallels, None)),
        _ => {}
    }
    let (rest, format) = stems.into_iter().find_map(|(stem, ending, format)| {
        Some((name.strip_prefix(stem)?.strip_suffix(ending)?, format))
    })?;
    Some((format, rest.strip_prefix('-').filter(|bridge| plain_name(bridge).is_some())))
}

/// The names of these files in a snapshot. A further file of a network gets a number.
pub(crate) fn artefacts(texts: &[FileText]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(texts.len());
    for text in texts {
        let (stem, ending) = match text.format {
            Format::MacOs => ("dhcpd_leases", ""),
            Format::Dnsmasq => ("dnsmasq", ".leases"),
            Format::Libvirt => ("libvirt", ".status"),
            Format::Isc => ("dhcpd", ".leases"),
            Format::Parallels => ("parallels", ".leases"),
            Format::Kea => ("kea", ".csv"),
        };
        let bridge = text.bridge.as_deref().map_or_else(String::new, |name| format!("-{name}"));
        let name = |number: usize| match number {
            1 => format!("leases/{stem}{bridge}{ending}"),
            more => format!("leases/{stem}-{more}{ending}"),
        };
        let free = (1..=texts.len()).map(name).find(|name| !names.contains(name));
        names.extend(free);
    }
    names
}
