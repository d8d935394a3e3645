//! Reads a log line by line.

use vmkit_plugin::Mac;

use crate::{boot::Boot, clients::banner, needles, phase::Phase, text};

/// Beginnings of what a kernel prints right after its version. Without time stamps, the version line
/// alone looks like the output of `cat /proc/version`.
const AFTER_VERSION: &[&str] = &[
    "Command line:",
    "KERNEL supported",
    "Machine model:",
    "CPU:",
    "BIOS-provided",
    "x86/",
    "efi:",
    "random:",
    "OF: fdt",
    "SBI specification",
    "Disabled fast string",
];

/// The last boot in `bytes`. With `from_start` the log begins here, so its first line is complete and its
/// first boot begins here, too.
pub(crate) fn read<'a>(bytes: &[u8], from_start: bool, macs: &'a [Mac]) -> Boot<'a> {
    // The first line of a window is incomplete.
    let rest_of_line = bytes.iter().position(|byte| *byte == b'\n').filter(|_| !from_start);
    let mut boot = Boot::new(macs);
    boot.begins_here = from_start;
    let mut version_before = false;
    text::each_line(&bytes[rest_of_line.map_or(0, |end| end + 1)..], |line| {
        if version_before && AFTER_VERSION.iter().any(|next| line.starts_with(next)) {
            boot.restart(Phase::Kernel);
        }
        version_before = line.starts_with("Linux version ");
        let stamp = time_stamp(line);
        // The kernel's first line begins another boot, and is not yet of it.
        if boot.phase < Phase::Kernel && stamp.is_some_and(|seconds| seconds > 0) {
            boot.reach(Phase::Kernel);
        }
        boot.kernel_seconds = stamp.or(boot.kernel_seconds);
        needles::apply(line, &mut boot);
        banner::line(&mut boot, line);
        if boot.phase < Phase::Kernel && stamp == Some(0) {
            boot.reach(Phase::Kernel);
        }
    });
    boot
}

/// The seconds of `[   12.345678] `, as the kernel writes it.
fn time_stamp(line: &str) -> Option<u64> {
    let (stamp, _) = line.strip_prefix('[')?.split_once(']')?;
    let (seconds, fraction) = stamp.trim_start().split_once('.')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_stamp = digits(seconds) && digits(fraction) && fraction.len() == 6;
    seconds.parse().ok().filter(|_| is_stamp)
}
