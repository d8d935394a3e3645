//! A process, and its command line as the kernel keeps it.

use std::time::SystemTime;

use vmkit_types::Reading;

/// Most bytes of a command line that are read. A QEMU line of libvirt with a dozen disks has about
/// 8 KiB; a process may have megabytes, which say nothing more about which machine it is.
pub const ARGUMENTS_LIMIT: usize = 64 * 1024;

/// One process of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its arguments, the program first; bytes that are not UTF-8 are replaced. Empty for kernel
    /// threads and zombies. Cut at [`ARGUMENTS_LIMIT`] bytes in all.
    pub arguments: Vec<String>,
    /// When it started.
    pub started_at: Reading<SystemTime>,
}

/// The arguments in a command line whose parts each end with a zero byte.
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
    fn a_command_line_is_cut_at_its_zero_bytes() {
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
