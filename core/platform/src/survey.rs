//! Raw output of this computer's tools about its part in the VMs' network. A snapshot keeps it, and
//! `vmkit-survey` parses it.

use std::{fs::File, io::Read as _, path::Path};

use vmkit_types::{Reading, Unread};

/// Longest part of the hosts file that is read.
const LONGEST_HOSTS: u64 = 4 << 20;

/// The texts. Without the tool a text is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyTexts {
    /// Bridges and their ports: JSON of `ip -details link`.
    pub bridges: Reading<String>,
    /// The firewall's rules and whether they apply to bridged frames: the tools' output in a row.
    pub firewall: Reading<String>,
    /// The rules of nftables as a document, which says more.
    pub firewall_document: Reading<String>,
    /// Whether packets are forwarded.
    pub forwarding: Reading<String>,
    /// The listeners on UDP port 67.
    pub listeners: Reading<String>,
    /// The DHCP servers that run here, as a document.
    pub servers: Reading<String>,
    /// The hosts file.
    pub hosts: Reading<Vec<u8>>,
    /// The leases by which this computer itself has its addresses.
    pub own_leases: Reading<String>,
    /// The routes to the machines' addresses.
    pub routes: Reading<String>,
}

/// Reads the hosts file.
pub(crate) fn hosts() -> Reading<Vec<u8>> {
    let path = Path::new("/etc/hosts");
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(LONGEST_HOSTS).read_to_end(&mut bytes)) {
        Ok(_) => Reading::Known(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Reading::Absent,
        Err(error) => Reading::Unknown(Unread::Failed(format!("read {}: {error}", path.display()))),
    }
}

/// The first of these programs that is installed.
#[cfg(target_os = "linux")]
pub(crate) fn installed(programs: &[&'static str]) -> Reading<&'static str> {
    programs.iter().copied().find(|program| Path::new(program).exists()).map_or_else(
        || {
            let names = programs.first().and_then(|path| path.rsplit('/').next());
            Reading::Unknown(Unread::Failed(format!("{} is not installed", names.unwrap_or("it"))))
        },
        Reading::Known,
    )
}
