//! The last lines of a console's log.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use vmkit_files::Directory;

use crate::files::ProcessFiles;

/// Bytes of the log's end that are looked at.
const END: u64 = 4096;

/// Most lines that are shown: a terminal's height.
const MOST_LINES: usize = 20;

/// The last lines, empty if there is no log. The log may be written to meanwhile.
pub(crate) fn last_lines(files: &ProcessFiles) -> Vec<u8> {
    end(files).map(last).unwrap_or_default()
}

fn end(files: &ProcessFiles) -> io::Result<Vec<u8>> {
    let path = files.console_log();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(mut log) = Directory::open(files.directory())?.open_file(&name)? else {
        return Ok(Vec::new());
    };
    let length = log.metadata()?.len();
    log.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut end = Vec::new();
    log.take(END).read_to_end(&mut end)?;
    Ok(end)
}

/// What follows the last line breaks.
fn last(mut end: Vec<u8>) -> Vec<u8> {
    let breaks = end.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    let cut = breaks.map(|(index, _)| index + 1).nth(MOST_LINES);
    end.split_off(cut.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_as_many_lines_as_a_terminal_has() {
        let lines = |count: usize| "line\n".repeat(count) + "login: ";
        assert_eq!(last(lines(3).into()), lines(3).into_bytes());
        assert_eq!(last(lines(100).into()), lines(MOST_LINES).into_bytes());
        assert_eq!(last(Vec::new()), b"");
    }
}
