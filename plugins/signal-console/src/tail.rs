//! Reads the last boot from the end of a log.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use vmkit_plugin::Mac;

use crate::{boot::Boot, log};

/// Bytes to read from the end of a log, in one attempt after the other until they contain the beginning
/// of a boot. Most boots print less than the first. The last is the limit: reading it takes some 10 ms,
/// and a boot that printed more has its addresses further back.
const WINDOWS: [u64; 2] = [256 << 10, 4 << 20];

/// The last boot in the log of a machine with these MACs, and the end of the log that was read.
pub(crate) fn last_boot<'a>(log: &mut File, macs: &'a [Mac]) -> io::Result<(Boot<'a>, Vec<u8>)> {
    let length = log.seek(SeekFrom::End(0))?;
    let mut bytes = Vec::new();
    let mut boot = Boot::new(macs);
    for window in WINDOWS {
        let start = length.saturating_sub(window);
        log.seek(SeekFrom::Start(start))?;
        bytes.clear();
        // The guest may be writing. The next call reads what comes after `length`.
        log.take(length - start).read_to_end(&mut bytes)?;
        boot = log::read(&bytes, start == 0, macs);
        if boot.begins_here {
            break;
        }
    }
    Ok((boot, bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const LEASE: &str = "udhcpc: lease of 10.0.0.5 obtained from 10.0.0.1, lease time 60\n";
    const BANNER: &str = "[    0.000000] Linux version 6.1.0 (a@b) #1 SMP\n";

    fn filler(bytes: usize) -> String {
        "a line of no interest, sixty-four bytes long with its line break\n".repeat(bytes / 65)
    }

    #[test]
    fn reads_back_to_the_last_boot_or_the_limit() {
        let rows = [
            (String::new(), 0),
            (format!("{LEASE}{}", filler(1000)), 1),
            (format!("{LEASE}{}", filler(700 << 10)), 1),
            (format!("{BANNER}{LEASE}{}", filler(3 << 20)), 1),
            (format!("{LEASE}{BANNER}{}", filler(3 << 20)), 0),
            (format!("{LEASE}{BANNER}{}", filler(100)), 0),
            (format!("{LEASE}{}", filler(5 << 20)), 0),
        ];
        for (row, (log, expected)) in rows.into_iter().enumerate() {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(log.as_bytes()).unwrap();
            let (boot, _) = last_boot(&mut file, &[]).unwrap();
            assert_eq!(boot.statements().len(), expected, "row {row}");
        }
    }
}
