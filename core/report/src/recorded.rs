//! The view model of `vm snapshot show`.

use std::time::SystemTime;

/// The contents of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its directory.
    pub directory: String,
    /// When it was captured.
    pub captured_at: SystemTime,
    /// `linux` or `macos`; `None`: not recorded.
    pub platform: Option<String>,
    /// Whether it was captured with root's rights; `None`: not recorded.
    pub privileged: Option<bool>,
    /// Number of the host's interfaces; `None`: the network was not recorded.
    pub interfaces: Option<usize>,
    /// Names of the machines.
    pub machines: Vec<String>,
    /// The raw artefacts by path, with their sizes in bytes.
    pub artefacts: Vec<(String, u64)>,
}
