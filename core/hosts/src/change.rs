//! Whether a new hosts file differs from the former one as a plan may make it, for the process that
//! writes it with root's rights and trusts no plan.

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use crate::{HostsFile, InvalidName, Malformed, OwnLine, line, name::check_name};

/// Why a change is not one of a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChange {
    /// The block of one of the files is broken.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The block has lines that no plan writes.
    #[error("the block has a line that is not of the form `ADDRESS NAMES # vm NAME`")]
    Form,
    /// A line of the block has a name that is never written.
    #[error("invalid name: {0}")]
    Name(#[from] InvalidName),
    /// A line of the block has an address that no machine has.
    #[error("{0} is no machine's address")]
    Address(IpAddr),
    /// A line outside of the block was added or changed, or removed though no line of the block
    /// replaces it.
    #[error("a line outside of the block was changed, or removed without being taken over")]
    Outside,
}

/// Checks that a change adds, changes and removes lines of our block alone, and takes over lines whose
/// names the block has.
///
/// # Errors
/// What it does beyond that.
pub fn check_change(former: &[u8], new: &[u8]) -> Result<(), InvalidChange> {
    let (old, file) = (HostsFile::read(former)?, HostsFile::read(new)?);
    let lines = file.block.as_ref().map(|block| block.lines.clone()).unwrap_or_default();
    if file.with(&lines) != new {
        return Err(InvalidChange::Form);
    }
    lines.iter().try_for_each(check_line)?;
    let named = |name: &String| {
        let mut names = lines.iter().flat_map(|line| &line.names);
        names.any(|known| known.eq_ignore_ascii_case(name))
    };
    let mut kept = file.outside().peekable();
    for line in old.outside() {
        if kept.next_if_eq(&line).is_some() {
            continue;
        }
        let taken_over = line::entry(0, line).is_some_and(|entry| entry.names.iter().all(named));
        if !taken_over {
            return Err(InvalidChange::Outside);
        }
    }
    if kept.next().is_some() { Err(InvalidChange::Outside) } else { Ok(()) }
}

fn check_line(line: &OwnLine) -> Result<(), InvalidChange> {
    let address = line.address;
    if address.is_loopback() || address.is_unspecified() || address.is_multicast() {
        return Err(InvalidChange::Address(address));
    }
    for name in &line.names {
        check_name(name)?;
    }
    Ok(())
}

/// The SHA-256 of a file's contents, by which a change names the contents it was made for.
pub fn digest(contents: &[u8]) -> [u8; 32] {
    Sha256::digest(contents).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMER: &str = "127.0.0.1 localhost\n10.0.0.9 web\n10.0.0.7 nas web2\n";

    fn block(lines: &str) -> String {
        let start =
            "# BEGIN vmkit: `vm hosts-sync` writes the lines up to END; edits here are lost";
        format!("{start}\n{lines}# END vmkit\n")
    }

    #[test]
    fn only_the_block_changes_and_lines_that_it_takes_over() {
        let web = block("192.168.1.50\tweb\t# vm web\n");
        let changed = |new: String| check_change(FORMER.as_bytes(), new.as_bytes());
        let taken_over = FORMER.replace("10.0.0.9 web\n", "");
        let rows = [
            (FORMER.to_owned(), Ok(())),
            ([FORMER, &web].concat(), Ok(())),
            ([&taken_over, web.as_str()].concat(), Ok(())),
            (taken_over.clone(), Err(InvalidChange::Outside)),
            (
                [&FORMER.replace("10.0.0.7 nas web2\n", ""), web.as_str()].concat(),
                Err(InvalidChange::Outside),
            ),
            ([FORMER, "6.6.6.6 bank.example\n"].concat(), Err(InvalidChange::Outside)),
            (FORMER.replace("10.0.0.9", "6.6.6.6"), Err(InvalidChange::Outside)),
            ([FORMER, &block("6.6.6.6 bank.example\n")].concat(), Err(InvalidChange::Form)),
            (
                [FORMER, &block("6.6.6.6\tlocalhost\t# vm web\n")].concat(),
                Err(InvalidChange::Name(InvalidName::Reserved)),
            ),
            (
                [FORMER, &block("127.0.0.1\tweb\t# vm web\n")].concat(),
                Err(InvalidChange::Address(IpAddr::from([127, 0, 0, 1]))),
            ),
            ([FORMER, &web, &web].concat(), Err(InvalidChange::Malformed(Malformed::Second(7)))),
            (String::new(), Err(InvalidChange::Outside)),
        ];
        for (new, expected) in rows {
            assert_eq!(changed(new.clone()), expected, "{new}");
        }
    }

    #[test]
    fn a_block_that_was_there_may_go() {
        let former = [FORMER, &block("192.168.1.50\tweb\t# vm web\n")].concat();
        assert_eq!(check_change(former.as_bytes(), FORMER.as_bytes()), Ok(()));
    }
}
