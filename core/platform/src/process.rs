//! A process and its command line.

use std::time::SystemTime;

use vmkit_types::Reading;

/// Longest part of a command line that is read. libvirt's QEMU with a dozen disks has about 8 KiB; a
/// process may have megabytes.
pub(crate) const ARGUMENTS_LIMIT: usize = 64 * 1024;

/// One process of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The process id.
    pub pid: u32,
    /// The arguments, starting with the program. Bytes that are not UTF-8 are replaced. Empty for
    /// kernel threads and zombies. Cut after 64 KiB.
    pub arguments: Vec<String>,
    /// The start time.
    pub started_at: Reading<SystemTime>,
}

/// Splits a command line at its zero bytes.
#[cfg(any(target_os = "linux", test))]
pub(crate) fn arguments(line: &[u8]) -> Vec<String> {
    let line = line.strip_suffix(&[0]).unwrap_or(line);
    if line.is_empty() {
        return Vec::new();
    }
    line.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_a_command_line_at_zero_bytes() {
        let table: &[(&[u8], &[&str])] = &[
            (b"", &[]),
            (b"\0", &[]),
            (b"qemu\0-m\0\0q35\0", &["qemu", "-m", "", "q35"]),
            (b"cut off", &["cut off"]),
            (b"a\xffb\0", &["a\u{fffd}b"]),
        ];
        for (line, expected) in table {
            assert_eq!(arguments(line), *expected, "{line:?}");
        }
    }
}
