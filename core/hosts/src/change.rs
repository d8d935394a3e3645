//! Whether a new hosts file differs from the former one as a plan may make it, for the process that
//! writes it with root's rights and trusts no plan.

use std::{collections::HashSet, net::IpAddr};

use sha2::{Digest as _, Sha256};

use crate::{HostsFile, InvalidName, Malformed, OwnLine, line, name::check_name};

/// Most lines of the block: a line for each of more machines than a computer has.
const MOST_LINES: usize = 10_000;

/// What the process that writes the file knows by itself of this computer.
pub struct Bounds<'a> {
    /// This computer's own names, which no line gets.
    pub own_names: &'a [String],
    /// Whether an address lies in a network that this computer is on.
    pub is_near: &'a dyn Fn(IpAddr) -> bool,
}

/// Why a change is not one of a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChange {
    /// The block of one of the files is broken.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The block has lines that no plan writes, too many of them, or is elsewhere than before.
    #[error(
        "the block is not of lines such as `ADDRESS NAMES # vm NAME`, where it was or at the end"
    )]
    Form,
    /// A line of the block has a name that is never written.
    #[error("invalid name: {0}")]
    Name(#[from] InvalidName),
    /// A line of the block has a name of this computer.
    #[error("this computer has the same name")]
    OwnName,
    /// A new line of the block has an address that no machine has.
    #[error("{0} is no machine's address: it is in no network of this computer")]
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
pub fn check_change(former: &[u8], new: &[u8], bounds: &Bounds<'_>) -> Result<(), InvalidChange> {
    let (old, file) = (HostsFile::read(former)?, HostsFile::read(new)?);
    let lines = file.block.as_ref().map_or(&[][..], |block| &block.lines);
    let [before, after] = file.outside();
    // Earlier lines win, so a new block comes after those of others.
    let is_moved = old.block.is_none() && file.block.is_some() && !after.is_empty();
    if lines.len() > MOST_LINES || is_moved || file.with(lines) != new {
        return Err(InvalidChange::Form);
    }
    let known = old.block.as_ref().map_or(&[][..], |block| &block.lines);
    lines.iter().try_for_each(|line| check_line(line, known, bounds))?;
    let names = lines.iter().flat_map(|line| &line.names).map(|name| name.to_ascii_lowercase());
    let names: HashSet<String> = names.collect();
    let [old_before, old_after] = old.outside();
    if file.block.is_none() || old.block.is_none() {
        let whole = |parts: [&[u8]; 2]| parts.concat();
        return only_taken_over(&whole([old_before, old_after]), &whole([before, after]), &names);
    }
    only_taken_over(old_before, before, &names)?;
    only_taken_over(old_after, after, &names)
}

/// Checks that the new part is the former one but for lines whose names the block has. A loopback
/// address is no machine's, so such a line stays.
fn only_taken_over(
    former: &[u8],
    new: &[u8],
    names: &HashSet<String>,
) -> Result<(), InvalidChange> {
    let mut kept = new.split_inclusive(|byte| *byte == b'\n').peekable();
    for line in former.split_inclusive(|byte| *byte == b'\n') {
        if kept.next_if_eq(&line).is_some() {
            continue;
        }
        let taken_over = line::entry(0, line).is_some_and(|entry| {
            let mut own = entry.names.iter().map(|name| name.to_ascii_lowercase());
            !entry.address.is_loopback() && own.all(|name| names.contains(&name))
        });
        if !taken_over {
            return Err(InvalidChange::Outside);
        }
    }
    if kept.next().is_some() { Err(InvalidChange::Outside) } else { Ok(()) }
}

/// A line that was there may stay, though its machine's network is elsewhere now.
fn check_line(line: &OwnLine, known: &[OwnLine], bounds: &Bounds<'_>) -> Result<(), InvalidChange> {
    for name in &line.names {
        check_name(name)?;
        if bounds.own_names.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            return Err(InvalidChange::OwnName);
        }
    }
    let was_there = |former: &OwnLine| {
        former.address == line.address && line.names.iter().all(|name| former.names.contains(name))
    };
    let address = line.address;
    let is_odd = address.is_loopback() || address.is_unspecified() || address.is_multicast();
    let is_new = !known.iter().filter(|former| former.machine == line.machine).any(was_there);
    if is_odd || (is_new && !(bounds.is_near)(address)) {
        return Err(InvalidChange::Address(address));
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
        let own_names = ["mine".to_owned()];
        let is_near = |address: IpAddr| address.to_string().starts_with("192.168.1.");
        let bounds = Bounds { own_names: &own_names, is_near: &is_near };
        let changed = |new: String| check_change(FORMER.as_bytes(), new.as_bytes(), &bounds);
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
    fn a_block_that_was_there_may_stay_where_it_is_or_go() {
        let far = Bounds { own_names: &[], is_near: &|_| false };
        let line = "192.168.1.50\tweb web.lan\t# vm web\n";
        let former = [&block(line), FORMER].concat();
        let stale =
            line.replace("\tweb web.lan\t# vm web", "\tweb\t# vm web, stale since 2026-01-01");
        let moved = line.replace("192.168.1.50", "192.168.1.51");
        let rows = [
            (FORMER.to_owned(), Ok(())),
            ([&block(&stale), FORMER].concat(), Ok(())),
            (
                [&block(&moved), FORMER].concat(),
                Err(InvalidChange::Address(IpAddr::from([192, 168, 1, 51]))),
            ),
            ([FORMER, &block(line)].concat(), Err(InvalidChange::Outside)),
        ];
        for (new, expected) in rows {
            assert_eq!(check_change(former.as_bytes(), new.as_bytes(), &far), expected, "{new}");
        }
    }
}
