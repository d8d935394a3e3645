//! Fields of SSH messages, RFC 4251 section 5.

/// The unread rest of a message. Every method returns `None` if the message ends too early.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(crate) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string()?).ok()
    }

    /// A positive number without leading zeros.
    pub(crate) fn positive(&mut self) -> Option<&'a [u8]> {
        let bytes = self.string()?;
        let negative = bytes.first().is_none_or(|first| first & 0x80 != 0);
        let start = bytes.iter().position(|byte| *byte != 0);
        start.filter(|_| !negative).map(|start| &bytes[start..])
    }

    /// Checks that the message ends here.
    pub(crate) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

pub(crate) fn put_string(into: &mut Vec<u8>, bytes: &[u8]) {
    // All bytes are made here or were received within limits far below 4 GiB.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    into.extend_from_slice(&length.to_be_bytes());
    into.extend_from_slice(bytes);
}

/// Appends a positive number, given in big-endian order.
pub(crate) fn put_positive(into: &mut Vec<u8>, bytes: &[u8]) {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let digits = &bytes[start..];
    let sign = digits.first().is_some_and(|first| first & 0x80 != 0).then_some(0);
    put_string(into, &sign.into_iter().chain(digits.iter().copied()).collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_as_the_protocol_shows_them() {
        let rows: [(&[u8], &[u8]); 4] = [
            (&[0, 0], &[0, 0, 0, 0]),
            (&[0, 9], &[0, 0, 0, 1, 9]),
            (&[0x80], &[0, 0, 0, 2, 0, 0x80]),
            (&[0x7f, 1], &[0, 0, 0, 2, 0x7f, 1]),
        ];
        for (number, expected) in rows {
            let mut put = Vec::new();
            put_positive(&mut put, number);
            assert_eq!(put, expected);
        }
    }

    #[test]
    fn a_cut_message_has_no_such_field() {
        let mut reader = Reader::new(&[0, 0, 0, 2, 7]);
        assert!(reader.string().is_none());
        assert!(Reader::new(&[0, 0, 0, 0]).positive().is_none());
        assert!(Reader::new(&[0, 0, 0, 1, 0xff]).positive().is_none());
        assert!(Reader::new(&[0xff; 4]).string().is_none());
    }
}
