//! Raw texts about this computer's part in the network of its machines, as its own tools print
//! them. They are what a snapshot keeps; `vmkit-survey` understands them.

use std::{fs::File, io::Read as _, path::Path};

use vmkit_types::{Reading, Unread};

/// Most bytes of the hosts file that are read.
const LONGEST_HOSTS: u64 = 4 << 20;

/// The texts. A tool that is not installed leaves its text unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyTexts {
    /// Bridges and their ports, as JSON of `ip -details link`.
    pub bridges: Reading<String>,
    /// Rules of the firewall and what bridged frames have to do with them, one tool after another.
    pub firewall: Reading<String>,
    /// Who listens on UDP port 67.
    pub listeners: Reading<String>,
    /// The hosts file.
    pub hosts: Reading<Vec<u8>>,
}

/// The hosts file, as it is.
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
