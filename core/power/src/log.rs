//! What QEMU itself said.

use std::{
    fs::{File, Permissions},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use vmkit_files::Directory;
use vmkit_types::{bounded, escaped};

use crate::{error::PowerError, files::ProcessFiles};

/// Bytes of the log's end that are read. QEMU says one line of what is wrong; a library may say more.
const END: u64 = 4096;
/// Most lines that are kept.
const MOST_LINES: usize = 6;
/// Longest line that is kept.
const LONGEST_LINE: usize = 400;

/// A new and empty log of QEMU's, in place of the last start's. The console's log, which QEMU empties when it has
/// the machine to itself, is made private too: a guest may print a password.
pub(crate) fn create(files: &ProcessFiles) -> Result<File, PowerError> {
    let path = files.console_log();
    make_private(files, &path).map_err(PowerError::system("make", path))?;
    let path = files.qemu_log();
    renew(files, &path).map_err(PowerError::system("write", path))
}

fn make_private(files: &ProcessFiles, path: &Path) -> io::Result<()> {
    let there = Directory::open(files.directory())?.open_file(&file_name(path));
    match there {
        Ok(Some(log)) => log.set_permissions(Permissions::from_mode(0o600)),
        // A link, or nothing.
        Ok(None) | Err(_) => renew(files, path).map(drop),
    }
}

fn renew(files: &ProcessFiles, path: &Path) -> io::Result<File> {
    let (directory, name) = (Directory::open(files.directory())?, file_name(path));
    match directory.remove(&name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    directory.create(&name)
}

/// The last lines of a machine's `qemu.log`: why its QEMU ended. Escaped and bounded; empty if there are none.
pub fn last_log_lines(files: &ProcessFiles) -> Vec<String> {
    let name = file_name(&files.qemu_log());
    let opened =
        Directory::open(files.directory()).and_then(|directory| directory.open_file(&name));
    let Ok(Some(mut log)) = opened else { return Vec::new() };
    end_of(&mut log).map(|end| lines(&end)).unwrap_or_default()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn end_of(log: &mut File) -> io::Result<Vec<u8>> {
    let length = log.metadata()?.len();
    log.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut end = Vec::new();
    log.take(END).read_to_end(&mut end)?;
    Ok(end)
}

fn lines(end: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(end);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut lines: Vec<String> = lines.map(|line| escaped(bounded(line, LONGEST_LINE))).collect();
    lines.split_off(lines.len().saturating_sub(MOST_LINES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_lines_escaped_and_bounded() {
        let long = "x".repeat(1000);
        let many = (0..10).map(|index| format!("line {index}")).collect::<Vec<_>>().join("\n");
        let rows: [(&[u8], Vec<&str>); 4] = [
            (b"", vec![]),
            (b"qemu: a\x1b[2Jb \n\n\xff\n", vec!["qemu: a\\x1b[2Jb", "\u{fffd}"]),
            (long.as_bytes(), vec![&long[..LONGEST_LINE]]),
            (many.as_bytes(), vec!["line 4", "line 5", "line 6", "line 7", "line 8", "line 9"]),
        ];
        for (end, expected) in rows {
            assert_eq!(lines(end), expected);
        }
    }
}
