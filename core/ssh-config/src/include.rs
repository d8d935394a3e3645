//! Our block at the top of the user's configuration. Every other byte stays.

use std::collections::BTreeMap;

const BEGIN: &str = "# vmkit begin: VMs by their names; `vm ssh-config --uninstall` takes it back";
const END: &str = "# vmkit end";
/// The begin of the block without its explanation, which may change between versions.
const BEGIN_MARK: &str = "# vmkit begin";

/// Why the block cannot be changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenBlock {
    /// It has no end.
    #[error("line {0} begins a block of vmkit, and nothing ends it")]
    NoEnd(usize),
    /// It has no begin.
    #[error("line {0} ends a block of vmkit, and nothing begins it")]
    NoBegin(usize),
}

/// The configuration with a block that includes our file; `None`: it has one.
///
/// The block is at the top, because further down it would belong to the `Host` above it, and
/// because ssh uses the first value that it finds.
///
/// # Errors
/// The block is broken.
pub(crate) fn added(config: &[u8], included: &str) -> Result<Option<Vec<u8>>, BrokenBlock> {
    if block(config)?.is_some() {
        return Ok(None);
    }
    let mut after = format!("{BEGIN}\nInclude {included}\n{END}\n").into_bytes();
    after.extend_from_slice(config);
    Ok(Some(after))
}

/// The configuration without our block; `None`: it has no block.
///
/// # Errors
/// The block is broken.
pub(crate) fn removed(config: &[u8]) -> Result<Option<Vec<u8>>, BrokenBlock> {
    Ok(block(config)?.map(|block| [&config[..block.start], &config[block.end..]].concat()))
}

/// The range of the block, with its line breaks.
fn block(config: &[u8]) -> Result<Option<std::ops::Range<usize>>, BrokenBlock> {
    let mut begin: Option<(usize, usize)> = None;
    let mut at = 0;
    for (number, line) in (1..).zip(config.split_inclusive(|byte| *byte == b'\n')) {
        let after = at + line.len();
        let line = line.trim_ascii();
        if line.starts_with(BEGIN_MARK.as_bytes()) {
            if let Some((first, _)) = begin {
                return Err(BrokenBlock::NoEnd(first));
            }
            begin = Some((number, at));
        } else if line == END.as_bytes() {
            let (_, start) = begin.ok_or(BrokenBlock::NoBegin(number))?;
            return Ok(Some(start..after));
        }
        at = after;
    }
    begin.map_or(Ok(None), |(number, _)| Err(BrokenBlock::NoEnd(number)))
}

/// The hosts that the configuration names in full in `Host` lines, with the number of the line.
/// Files that it includes are not read.
pub(crate) fn hosts(config: &[u8]) -> BTreeMap<String, usize> {
    let mut hosts = BTreeMap::new();
    let text = String::from_utf8_lossy(config);
    for (number, line) in (1..).zip(text.lines()) {
        // ssh accepts `Host web`, `host = "web"` and tabs.
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
    fn adds_a_block_at_the_top_once_and_removes_it() {
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
    fn keeps_a_block_that_was_moved_and_rejects_a_broken_one() {
        let moved =
            b"Host a\n# vmkit begin of another version\nInclude x\n  # vmkit end \nHost b\n";
        assert_eq!(added(moved, "vmkit_config"), Ok(None));
        assert_eq!(removed(moved).unwrap().unwrap(), b"Host a\nHost b\n");
        let rows: [(&[u8], BrokenBlock); 3] = [
            (b"\n# vmkit begin\nInclude x\n", BrokenBlock::NoEnd(2)),
            (b"# vmkit begin\n# vmkit begin\n# vmkit end\n", BrokenBlock::NoEnd(1)),
            (b"# vmkit end\n", BrokenBlock::NoBegin(1)),
        ];
        for (config, error) in rows {
            assert_eq!(added(config, "x").unwrap_err(), error);
            assert_eq!(removed(config).unwrap_err(), error);
        }
    }

    #[test]
    fn finds_the_hosts_that_the_user_names() {
        let config =
            b"Host web # db\n\thOsT=\"my-vm\" other\nMatch host no\nHostName nor\nhost *.x\n";
        let hosts = hosts(config);
        let found: Vec<_> = hosts.iter().map(|(name, line)| (name.as_str(), *line)).collect();
        assert_eq!(found, [("*.x", 5), ("my-vm", 2), ("other", 2), ("web", 1)]);
    }
}
