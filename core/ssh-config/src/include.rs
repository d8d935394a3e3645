//! The user's own configuration of ssh: our few lines at its top, and every other byte as it was.

use std::collections::BTreeMap;

const BEGIN: &str = "# vmkit begin: VMs by their names; `vm ssh-config --uninstall` takes it back";
const END: &str = "# vmkit end";
/// A block is known by this much, so that its explanation may change.
const BEGIN_MARK: &str = "# vmkit begin";

/// Why the file is left alone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unclear {
    #[error("line {0} begins a block of vmkit, and nothing ends it")]
    NoEnd(usize),
    #[error("line {0} ends a block of vmkit, and nothing begins it")]
    NoBegin(usize),
}

/// The file with ours included; `None` where it is included already.
///
/// It is at the top, since lines further down belong to the `Host` above them, and since ssh takes
/// the first value that it finds.
///
/// # Errors
/// The marks are not in order.
pub(crate) fn added(config: &[u8], included: &str) -> Result<Option<Vec<u8>>, Unclear> {
    if block(config)?.is_some() {
        return Ok(None);
    }
    let mut after = format!("{BEGIN}\nInclude {included}\n{END}\n").into_bytes();
    after.extend_from_slice(config);
    Ok(Some(after))
}

/// The file without our block; `None`: it has none.
///
/// # Errors
/// The marks are not in order.
pub(crate) fn removed(config: &[u8]) -> Result<Option<Vec<u8>>, Unclear> {
    Ok(block(config)?.map(|block| [&config[..block.start], &config[block.end..]].concat()))
}

/// The bytes of the block, its line breaks among them.
fn block(config: &[u8]) -> Result<Option<std::ops::Range<usize>>, Unclear> {
    let mut begin: Option<(usize, usize)> = None;
    let mut at = 0;
    for (number, line) in (1..).zip(config.split_inclusive(|byte| *byte == b'\n')) {
        let after = at + line.len();
        let line = line.trim_ascii();
        if line.starts_with(BEGIN_MARK.as_bytes()) {
            if let Some((first, _)) = begin {
                return Err(Unclear::NoEnd(first));
            }
            begin = Some((number, at));
        } else if line == END.as_bytes() {
            let (_, start) = begin.ok_or(Unclear::NoBegin(number))?;
            return Ok(Some(start..after));
        }
        at = after;
    }
    begin.map_or(Ok(None), |(number, _)| Err(Unclear::NoEnd(number)))
}

/// The hosts that the configuration names in full in its `Host` lines, with the line of each. What
/// it includes is not looked at.
pub(crate) fn hosts(config: &[u8]) -> BTreeMap<String, usize> {
    let mut hosts = BTreeMap::new();
    let text = String::from_utf8_lossy(config);
    for (number, line) in (1..).zip(text.lines()) {
        // ssh takes `Host web`, `host = "web"` and tabs alike.
        let mut words = line.split(|c: char| c.is_whitespace() || "=\"".contains(c));
        let mut words = words.by_ref().filter(|word| !word.is_empty());
        if words.next().is_some_and(|word| word.eq_ignore_ascii_case("host")) {
            for name in words.take_while(|word| !word.starts_with('#')) {
                hosts.entry(name.to_owned()).or_insert(number);
            }
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &[u8] = b"# mine\nHost a\n  Port 2\n\xff no utf-8, no break at the end";

    #[test]
    fn what_is_added_is_at_the_top_once_and_can_be_taken_back() {
        for own in [OWN, b"", b"\n", b"Host *\r\n"] {
            let with = added(own, "vmkit_config").unwrap().unwrap();
            let expected = format!("{BEGIN}\nInclude vmkit_config\n{END}\n");
            assert_eq!(with, [expected.as_bytes(), own].concat());
            assert_eq!(added(&with, "vmkit_config"), Ok(None));
            assert_eq!(removed(&with).unwrap().unwrap(), own);
            assert_eq!(removed(own), Ok(None));
        }
    }

    #[test]
    fn a_block_that_was_moved_stays_and_one_that_was_broken_stops_all() {
        let moved =
            b"Host a\n# vmkit begin of another version\nInclude x\n  # vmkit end \nHost b\n";
        assert_eq!(added(moved, "vmkit_config"), Ok(None));
        assert_eq!(removed(moved).unwrap().unwrap(), b"Host a\nHost b\n");
        let rows: [(&[u8], Unclear); 3] = [
            (b"\n# vmkit begin\nInclude x\n", Unclear::NoEnd(2)),
            (b"# vmkit begin\n# vmkit begin\n# vmkit end\n", Unclear::NoEnd(1)),
            (b"# vmkit end\n", Unclear::NoBegin(1)),
        ];
        for (config, error) in rows {
            assert_eq!(added(config, "x").unwrap_err(), error);
            assert_eq!(removed(config).unwrap_err(), error);
        }
    }

    #[test]
    fn entries_of_the_users_own_are_seen() {
        let config =
            b"Host web # db\n\thOsT=\"my-vm\" other\nMatch host no\nHostName nor\nhost *.x\n";
        let hosts = hosts(config);
        let found: Vec<_> = hosts.iter().map(|(name, line)| (name.as_str(), *line)).collect();
        assert_eq!(found, [("*.x", 5), ("my-vm", 2), ("other", 2), ("web", 1)]);
    }
}
