//! Raw console bytes as plain lines of text.

/// Longest line that is read, in bytes; the rest is skipped. The longest line of interest, one of dhclient
/// behind three time stamps, has some 300.
const LINE_LIMIT: usize = 4 << 10;

/// Calls `each` for every line that is not empty, without escape sequences and control bytes.
///
/// A carriage return and a jump of the cursor also end a line: firmware and boot loaders print by such
/// jumps. Invalid UTF-8 becomes U+FFFD.
pub(crate) fn each_line(bytes: &[u8], mut each: impl FnMut(&str)) {
    let mut scratch = Vec::new();
    let mut start = 0;
    for end in memchr::memchr2_iter(b'\n', b'\r', bytes).chain([bytes.len()]) {
        let raw = &bytes[start..end.min(start + LINE_LIMIT)];
        start = end + 1;
        if raw.is_empty() {
            continue;
        }
        // Without an early exit, the compiler makes this check many bytes at once.
        let plain = raw.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
        match std::str::from_utf8(raw) {
            Ok(line) if plain => each(line),
            _ => {
                clean(raw, &mut scratch);
                let text = String::from_utf8_lossy(&scratch);
                text.split('\n').filter(|line| !line.is_empty()).for_each(&mut each);
            }
        }
    }
}

/// Writes the text of one raw line into `text`, with a line break for every jump of the cursor.
fn clean(raw: &[u8], text: &mut Vec<u8>) {
    text.clear();
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            0x1b => {
                let (jumps, after) = after_escape(after);
                rest = after;
                if jumps {
                    text.push(b'\n');
                }
            }
            b'\t' => text.push(b' '),
            0..=0x1f | 0x7f => {}
            // Control characters of the second set, in UTF-8.
            0xc2 if matches!(after.first(), Some(0x80..=0x9f)) => rest = &after[1..],
            _ => text.push(byte),
        }
    }
}

/// Whether an escape sequence moves the cursor to another place, and the bytes after the sequence. Its
/// ESC has been read.
fn after_escape(sequence: &[u8]) -> (bool, &[u8]) {
    let Some((&kind, body)) = sequence.split_first() else { return (false, sequence) };
    match kind {
        b'[' => {
            let end = body.iter().position(|byte| !matches!(byte, 0x20..=0x3f));
            match end.map(|end| (body[end], &body[end..])) {
                Some((last @ 0x40..=0x7e, at)) => {
                    (matches!(last, b'H' | b'f' | b'J' | b'd' | b'E' | b'F'), &at[1..])
                }
                // Cut by a byte that cannot be part of it.
                Some((_, at)) => (false, at),
                None => (false, &[]),
            }
        }
        // Strings, such as a window's title, up to BEL or ESC \.
        b']' | b'P' | b'X' | b'^' | b'_' => {
            let end = body.iter().position(|byte| matches!(byte, 0x07 | 0x1b));
            match end {
                Some(end) if body[end] == 0x1b && body.get(end + 1) == Some(&b'\\') => {
                    (false, &body[end + 2..])
                }
                Some(end) if body[end] == 0x07 => (false, &body[end + 1..]),
                Some(end) => (false, &body[end..]),
                None => (false, &[]),
            }
        }
        b' '..=b'/' => {
            let end = body.iter().position(|byte| !matches!(byte, b' '..=b'/'));
            (false, end.map_or(&[], |end| &body[end + 1..]))
        }
        // A full reset clears the screen.
        b'c' => (true, body),
        b'0'..=b'~' => (false, body),
        _ => (false, sequence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_escapes_and_controls_and_breaks_lines_at_jumps() {
        let rows: &[(&[u8], &[&str])] = &[
            (b"one\r\ntwo\rthree\n\n", &["one", "two", "three"]),
            (b"[\x1b[0;32m  OK  \x1b[0m] Started x", &["[  OK  ] Started x"]),
            (b"\x1b[2J\x1b[01;01H\x1b[=3h\x1b[2J\x1b[01;01HBdsDxe: loading", &["BdsDxe: loading"]),
            (b"\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS (v)", &["SeaBIOS (v)"]),
            (b"a\x1b]0;title\x07b\x1b]2;t\x1b\\c\x1bPq\x1b\\d\x1b(Be", &["abcde"]),
            (b"a\x1b]never ends", &["a"]),
            (b"a\x1b[12", &["a"]),
            (b"a\x1b", &["a"]),
            (b"a\x1b[1\x1b[0mb", &["ab"]),
            (b"n\0u\x08l\x7f\tx", &["nul x"]),
            ("é\u{9b}2Jx".as_bytes(), &["é2Jx"]),
            (b"bad \xff\xfe", &["bad \u{fffd}\u{fffd}"]),
        ];
        for (raw, expected) in rows {
            let mut lines = Vec::new();
            each_line(raw, |line| lines.push(line.to_owned()));
            assert_eq!(lines, *expected, "{:?}", String::from_utf8_lossy(raw));
        }
    }

    #[test]
    fn cuts_a_line_at_its_limit() {
        let mut lengths = Vec::new();
        each_line(&[vec![b'x'; 1 << 20], b"\nshort".to_vec()].concat(), |line| {
            lengths.push(line.len());
        });
        assert_eq!(lengths, [LINE_LIMIT, 5]);
    }
}
