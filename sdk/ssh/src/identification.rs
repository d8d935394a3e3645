//! The first lines of an SSH server, RFC 4253 section 4.2.

/// Longest line that the RFC allows, in bytes, line break included.
const LINE_LIMIT: usize = 255;
/// Most lines before the identification. The RFC sets no number; servers with a greeting send a few.
const LINES_BEFORE: usize = 20;

/// What the bytes so far show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It may still be SSH: read on.
    More,
    /// An SSH server identified itself.
    Ssh {
        /// Its line, without the line break.
        line: &'a str,
        /// Where the line break ends.
        end: usize,
    },
    /// Not an SSH server; its first line, cut to the limit.
    NotSsh(&'a [u8]),
}

/// Judges the bytes that a server has sent so far. It needs at most `(LINES_BEFORE + 1) * LINE_LIMIT`
/// bytes.
pub fn judge(received: &[u8]) -> Verdict<'_> {
    let (mut rest, mut before) = (received, 0);
    for _ in 0..=LINES_BEFORE {
        let Some(length) = rest.iter().take(LINE_LIMIT).position(|byte| *byte == b'\n') else {
            return if rest.len() < LINE_LIMIT { Verdict::More } else { not_ssh(received) };
        };
        let line = rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]);
        if line.starts_with(b"SSH-") {
            // No client speaks another version any more.
            let spoken = line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-");
            return match std::str::from_utf8(line) {
                Ok(line) if spoken => Verdict::Ssh { line, end: before + length + 1 },
                _ => not_ssh(received),
            };
        }
        rest = &rest[length + 1..];
        before += length + 1;
    }
    not_ssh(received)
}

fn not_ssh(received: &[u8]) -> Verdict<'_> {
    let end = received.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    Verdict::NotSsh(&received[..end.unwrap_or(received.len()).min(LINE_LIMIT)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_first_lines() {
        let twenty = "hello\r\n".repeat(20) + "SSH-2.0-x\r\n";
        let twenty_one = "hello\r\n".repeat(21) + "SSH-2.0-x\r\n";
        let long = "x".repeat(255);
        let ssh = |line, end| Verdict::Ssh { line, end };
        let rows: &[(&str, Verdict<'_>)] = &[
            ("", Verdict::More),
            ("SSH-2.0-Open", Verdict::More),
            ("SSH-2.0-OpenSSH_9.6\r\n", ssh("SSH-2.0-OpenSSH_9.6", 21)),
            ("SSH-1.99-dropbear\n", ssh("SSH-1.99-dropbear", 18)),
            ("Welcome\r\nSSH-2.0-x y\r\n\0\0", ssh("SSH-2.0-x y", 22)),
            (&twenty, ssh("SSH-2.0-x", 151)),
            (&twenty_one, Verdict::NotSsh(b"hello")),
            ("SSH-1.5-old\n", Verdict::NotSsh(b"SSH-1.5-old")),
            ("220 mail.local ESMTP\r\n", Verdict::More),
            (&long, Verdict::NotSsh(long.as_bytes())),
        ];
        for (received, expected) in rows {
            assert_eq!(judge(received.as_bytes()), *expected, "{received:?}");
        }
        assert_eq!(judge(b"SSH-2.0-\xff\n"), Verdict::NotSsh(b"SSH-2.0-\xff"));
    }
}
