//! Which of two versions is the newer one, by the rules of Semantic Versioning.

/// A version for comparing: its numbers, then a release above its own pre-releases.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    numbers: Vec<u64>,
    is_release: bool,
    before: Vec<Part>,
}

/// A part of a pre-release. Numbers are below words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

impl Order {
    /// Where this version stands. What follows a `+` has no say.
    pub(super) fn of(version: &str) -> Self {
        let version = version.split('+').next().unwrap_or_default();
        let (numbers, before) = match version.split_once('-') {
            Some((numbers, before)) => (numbers, Some(before)),
            None => (version, None),
        };
        let numbers = numbers.split('.').map(|number| number.parse().unwrap_or(0)).collect();
        let part = |part: &str| part.parse().map_or_else(|_| Part::Word(part.into()), Part::Number);
        let is_release = before.is_none();
        let before = before.map(|before| before.split('.').map(part).collect());
        Self { numbers, is_release, before: before.unwrap_or_default() }
    }
}

/// Whether the first version is older than the second one.
pub fn is_older(version: &str, than: &str) -> bool {
    Order::of(version) < Order::of(than)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pre_release_is_older_than_its_release_and_numbers_count_as_numbers() {
        let ascending = [
            "0.9.0",
            "0.10.0",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1-rc.1",
            "1.0.1",
            "10.0.0",
        ];
        for (index, older) in ascending.iter().enumerate() {
            for newer in &ascending[index + 1..] {
                assert!(is_older(older, newer), "{older} {newer}");
                assert!(!is_older(newer, older), "{newer} {older}");
            }
        }
        assert_eq!(Order::of("1.0.0+a"), Order::of("1.0.0+b"));
    }
}
