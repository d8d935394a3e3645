//! The operating system of the host.

/// The operating system of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Linux.
    Linux,
    /// macOS.
    MacOs,
    /// Another one, or not recorded.
    Unknown,
}

impl Platform {
    /// The one of this name, as snapshots record it.
    pub fn named(name: Option<&str>) -> Self {
        match name {
            Some("linux") => Self::Linux,
            Some("macos") => Self::MacOs,
            _ => Self::Unknown,
        }
    }
}
