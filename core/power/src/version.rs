//! The version of a QEMU.

use std::{fmt, path::Path};

use vmkit_rights::run_command;

/// The oldest QEMU that has all options of [`crate::arguments`]: that of Ubuntu 22.04.
const OLDEST: Version = Version { major: 6, minor: 2 };

/// The oldest that gives up root's rights by `-run-with user=`, as a machine on vmnet needs.
const OLDEST_FOR_VMNET: Version = Version { major: 9, minor: 1 };

/// A version of QEMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Version {
    /// The oldest version for a machine on vmnet, or for any other.
    pub(crate) const fn oldest(on_vmnet: bool) -> Self {
        if on_vmnet { OLDEST_FOR_VMNET } else { OLDEST }
    }

    /// Asks the program. Only a start that failed does: the answer takes a third of a start.
    pub(crate) fn of(qemu: &Path) -> Option<Self> {
        let result = run_command(qemu, &["--version".to_owned()], &[]).ok()?;
        Self::read(&result.output)
    }

    fn read(text: &str) -> Option<Self> {
        let (_, version) = text.lines().next()?.split_once(" version ")?;
        let mut parts = version.split(|c: char| !c.is_ascii_digit());
        let mut part = || parts.next()?.parse().ok();
        Some(Self { major: part()?, minor: part()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_versions_of_distributions() {
        let rows = [
            ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright", "7.2"),
            ("QEMU emulator version 10.1.0\n", "10.1"),
            ("QEMU emulator version 9.2.50 (v9.2.0-1-gabc)", "9.2"),
            ("QEMU emulator version x", "-"),
            ("", "-"),
        ];
        for (text, expected) in rows {
            let found =
                Version::read(text).map_or_else(|| "-".to_owned(), |found| found.to_string());
            assert_eq!(found, expected, "{text}");
        }
        assert!(Version { major: 10, minor: 0 } > OLDEST_FOR_VMNET);
    }
}
