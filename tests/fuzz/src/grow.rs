//! Grows small inputs in ways that slow down careless parsers.

/// Bytes at the end of an input to repeat, such as a word or an opening bracket.
const TAIL: usize = 12;

/// The input grown to about `size` bytes: repeated, with its end repeated, and with the elements of
/// its first list repeated, since a parser of JSON stops after the first document.
pub(crate) fn ways(bytes: &[u8], size: usize) -> Vec<Vec<u8>> {
    let tail = bytes.len().saturating_sub(TAIL);
    let mut grown = vec![repeated(b"", bytes, b"", size)];
    if tail > 0 {
        grown.push(repeated(bytes, &bytes[tail..], b"", size));
    }
    let open = bytes.iter().position(|byte| *byte == b'[').map(|at| at + 1);
    let close = bytes.iter().rposition(|byte| *byte == b']');
    if let (Some(open), Some(close)) = (open, close)
        && open < close
    {
        let elements = [&bytes[open..close], b","].concat();
        grown.push(repeated(&bytes[..open], &elements, &bytes[open..], size));
    }
    grown
}

fn repeated(before: &[u8], part: &[u8], after: &[u8], size: usize) -> Vec<u8> {
    let times = size.saturating_sub(before.len() + after.len()) / part.len().max(1);
    [before, &part.repeat(times), after].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_an_input_in_every_way() {
        let rows: [(&str, &[&str]); 4] = [
            ("", &[""]),
            ("ab", &["ababababababababababab"]),
            ("[1]", &["[1][1][1][1][1][1][1]", "[1,1,1,1,1,1,1,1,1,1]"]),
            ("long beginning", &["long beginning", "long beginning"]),
        ];
        for (input, expected) in rows {
            let grown = ways(input.as_bytes(), 22);
            let grown: Vec<_> = grown.iter().map(|each| String::from_utf8_lossy(each)).collect();
            assert_eq!(grown, expected, "{input}");
        }
    }
}
