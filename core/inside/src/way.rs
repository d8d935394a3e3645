//! How a guest was asked, and how a record says so.

/// How a guest was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By a login with SSH, with the rights of its user.
    Ssh,
    /// By its guest agent, as the guest's root.
    GuestAgent,
}

/// What the first line of a record begins with. The guest's own words follow after that line.
const ASKED_BY: &str = "# asked by ";

impl Way {
    /// The word for it in records and documents.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::GuestAgent => "guest-agent",
        }
    }

    /// What is recorded of a guest that answered by this way.
    pub fn record(self, answer: &[u8]) -> Vec<u8> {
        [format!("{ASKED_BY}{}\n", self.code()).as_bytes(), answer].concat()
    }

    /// The way that a record names, and the guest's words in it. `None`: the record has no such line,
    /// as one of an earlier version, which asked by SSH alone, and one of a guest that was not asked.
    pub fn of_record(record: &[u8]) -> Option<(Self, &[u8])> {
        let end = record.iter().position(|byte| *byte == b'\n')?;
        let word = record[..end].strip_prefix(ASKED_BY.as_bytes())?;
        let way =
            [Self::Ssh, Self::GuestAgent].into_iter().find(|it| it.code().as_bytes() == word)?;
        Some((way, &record[end + 1..]))
    }
}
