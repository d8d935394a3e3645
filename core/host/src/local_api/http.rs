//! A response of HTTP/1.1, whose body is all that counts.

use std::io::{self, BufRead as _, BufReader, Read};

/// Most bytes of a body: an instance takes about ten kilobytes.
const LONGEST_BODY: usize = 8 << 20;

/// Most bytes of the status and the headers.
const LONGEST_HEAD: usize = 64 << 10;

/// How the end of a body is known.
enum Length {
    Bytes(usize),
    Chunks,
    UntilClosed,
}

/// The body of a response with the status 200.
pub(super) fn body(connection: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(connection);
    let length = head(&mut reader)?;
    let mut body = Vec::new();
    match length {
        Length::Bytes(length) => take(&mut reader, length, &mut body)?,
        Length::Chunks => loop {
            let size = line(&mut reader, LONGEST_HEAD)?;
            let digits = size.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| odd("an odd chunk"))?;
            if size == 0 {
                break;
            }
            take(&mut reader, size, &mut body)?;
            if !line(&mut reader, 2)?.is_empty() {
                return Err(odd("an odd chunk"));
            }
        },
        Length::UntilClosed => {
            reader.take(LONGEST_BODY as u64 + 1).read_to_end(&mut body)?;
            check_room(0, body.len())?;
        }
    }
    Ok(body)
}

/// Reads the status and the headers.
fn head(reader: &mut BufReader<impl Read>) -> io::Result<Length> {
    let mut room = LONGEST_HEAD;
    let status = line(reader, room)?;
    let mut words = status.splitn(3, ' ');
    let (protocol, code) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if !protocol.starts_with("HTTP/1.") {
        return Err(odd("something else than HTTP"));
    }
    if code != "200" {
        let code: String = code.chars().filter(char::is_ascii_digit).take(3).collect();
        return Err(io::Error::other(format!("the status {code}")));
    }
    let mut length = Length::UntilClosed;
    loop {
        let header = line(reader, room)?;
        room = room.saturating_sub(header.len() + 2);
        if header.is_empty() {
            return Ok(length);
        }
        let (name, value) = header.split_once(':').ok_or_else(|| odd("an odd header"))?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("transfer-encoding") {
            if !value.eq_ignore_ascii_case("chunked") {
                return Err(odd("an encoding that was not asked for"));
            }
            length = Length::Chunks;
        } else if name.eq_ignore_ascii_case("content-length") && !matches!(length, Length::Chunks) {
            length = Length::Bytes(value.parse().map_err(|_| odd("an odd length"))?);
        }
    }
}

/// One line without its end, of at most `room` bytes with it.
fn line(reader: &mut BufReader<impl Read>, room: usize) -> io::Result<String> {
    let mut bytes = Vec::new();
    reader.by_ref().take(room as u64).read_until(b'\n', &mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| odd("a header that is not UTF-8"))?;
    let line = text.strip_suffix('\n').ok_or_else(|| odd("a header that does not end"))?;
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// Adds this many bytes.
fn take(reader: &mut BufReader<impl Read>, length: usize, body: &mut Vec<u8>) -> io::Result<()> {
    check_room(body.len(), length)?;
    let read = reader.by_ref().take(length as u64).read_to_end(body)?;
    if read == length { Ok(()) } else { Err(odd("an answer that ends too early")) }
}

fn check_room(so_far: usize, more: usize) -> io::Result<()> {
    if so_far.saturating_add(more) > LONGEST_BODY {
        return Err(io::Error::other(format!("more than {LONGEST_BODY} bytes came")));
    }
    Ok(())
}

fn odd(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what} came"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_body_to_each_kind_of_end() {
        let ok = "HTTP/1.1 200 OK\r\n";
        let rows = [
            (format!("{ok}Content-Length: 2\r\n\r\n{{}}more"), "{}"),
            (format!("{ok}\r\n{{}}"), "{}"),
            (
                format!(
                    "{ok}transfer-encoding: Chunked\r\ncontent-length: 9\r\n\r\n1;a=b\r\n{{\r\n1\r\n}}\r\n0\r\n\r\n"
                ),
                "{}",
            ),
            ("HTTP/1.0 200\n\n{}".to_owned(), "{}"),
        ];
        for (text, expected) in rows {
            assert_eq!(body(&mut text.as_bytes()).unwrap(), expected.as_bytes(), "{text}");
        }
    }

    #[test]
    fn refuses_other_answers_with_the_reason() {
        let ok = "HTTP/1.1 200 OK\r\n";
        let chunked = format!("{ok}Transfer-Encoding: chunked\r\n\r\n");
        let huge = "x".repeat(LONGEST_BODY + 1);
        let rows = [
            (String::new(), "a header that does not end came"),
            ("HTTP/1.1 403 Forbidden\r\n\r\n".to_owned(), "the status 403"),
            ("HTTP/1.1 \u{1b}[2J\r\n\r\n".to_owned(), "the status 2"),
            ("SSH-2.0-OpenSSH\r\n".to_owned(), "something else than HTTP came"),
            (format!("{ok}Content-Length: 9\r\n\r\n{{}}"), "an answer that ends too early came"),
            (format!("{ok}Content-Length: -1\r\n\r\n{{}}"), "an odd length came"),
            (format!("{ok}Content-Length: 99999999\r\n\r\n"), "more than 8388608 bytes came"),
            (
                format!("{ok}Transfer-Encoding: gzip\r\n\r\n"),
                "an encoding that was not asked for came",
            ),
            (format!("{chunked}zz\r\n"), "an odd chunk came"),
            (format!("{chunked}1\r\n{{}}\r\n"), "a header that does not end came"),
            (format!("{chunked}ffffffffffffffff\r\n"), "more than 8388608 bytes came"),
            (format!("{ok}\r\n{huge}"), "more than 8388608 bytes came"),
            (format!("{ok}{}", "a: b\r\n".repeat(20_000)), "a header that does not end came"),
            (format!("{ok}no header\r\n\r\n"), "an odd header came"),
        ];
        for (text, expected) in rows {
            let error = body(&mut text.as_bytes()).unwrap_err().to_string();
            assert_eq!(error, expected, "{text:.60}");
        }
    }
}
