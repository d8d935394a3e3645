//! The shape of a zip, before anything in it is unpacked: its end and its central directory, as
//! PKWARE's APPNOTE 6.3.10 has them in 4.3.12 and 4.3.16.

use std::{
    collections::BTreeSet,
    io::{Read, Seek, SeekFrom},
};

use super::error::{ArchiveError, failed, refused};
use crate::limits::{LARGEST_ARCHIVE, LARGEST_ARTEFACT, MOST_FILES};

/// Bytes of the record at the end, and of a header of the central directory without its name.
const END: usize = 22;
const HEADER: usize = 46;
/// Longest name in bytes: that of a folder and of any file.
const LONGEST_NAME: usize = 512;
/// Largest central directory in bytes: names have some 30 each.
const LARGEST_DIRECTORY: u64 = 2 << 20;
/// Stored, and deflated.
const METHODS: [u16; 2] = [0, 8];
/// Flags that an entry may have: the level of compression, and a name in UTF-8.
const FLAGS: u16 = 1 << 1 | 1 << 2 | 1 << 11;
/// The system whose file modes the attributes hold, and the mask and value of a regular file.
const UNIX: u8 = 3;
const FILE_TYPE: u16 = 0o170_000;
const REGULAR: u16 = 0o100_000;

/// One entry, as the central directory has it.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
}

/// The entries, if the file is a zip of the plainest kind: one part, no comment, no extension, and
/// nothing behind the record at its end.
pub(super) fn entries(file: &mut (impl Read + Seek)) -> Result<Vec<Entry>, ArchiveError> {
    let length = file.seek(SeekFrom::End(0)).map_err(failed("read it"))?;
    if length > LARGEST_ARCHIVE {
        return Err(refused(format!("larger than {} MiB", LARGEST_ARCHIVE >> 20)));
    }
    let end = length.checked_sub(END as u64).ok_or_else(|| refused("too short"))?;
    let record = bytes(file, end, END)?;
    let (count, size, start) = directory(&record)?;
    if start.checked_add(size) != Some(end) || size > LARGEST_DIRECTORY {
        return Err(refused("its central directory is not at its end"));
    }
    let size = usize::try_from(size).map_err(|_| refused("its central directory is too large"))?;
    let headers = bytes(file, start, size)?;
    let entries = listed(&headers, count)?;
    let total = entries.iter().try_fold(0_u64, |sum, entry| sum.checked_add(entry.size));
    if total.is_none_or(|total| total > LARGEST_ARCHIVE) {
        return Err(refused(format!("unpacked it is larger than {} MiB", LARGEST_ARCHIVE >> 20)));
    }
    Ok(entries)
}

fn bytes(file: &mut (impl Read + Seek), start: u64, count: usize) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = vec![0; count];
    let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut bytes));
    read.map_err(failed("read it"))?;
    Ok(bytes)
}

/// The number of entries, and size and place of the central directory.
fn directory(record: &[u8]) -> Result<(usize, u64, u64), ArchiveError> {
    let is_plain = record.starts_with(b"PK\x05\x06") && short(record, 20) == Some(0);
    let parts = [4, 6].map(|at| short(record, at));
    let counts = [8, 10].map(|at| short(record, at));
    let (Some(size), Some(start), true) = (long(record, 12), long(record, 16), is_plain) else {
        return Err(refused("it has no plain record at its end"));
    };
    // 0xffff and 0xffffffff refer to records of zip64.
    match (parts, counts) {
        ([Some(0), Some(0)], [Some(one), Some(count)])
            if one == count && usize::from(count) <= MOST_FILES && start != u32::MAX =>
        {
            Ok((count.into(), size.into(), start.into()))
        }
        _ => Err(refused(format!("it has several parts, or more than {MOST_FILES} files"))),
    }
}

/// The entries of a central directory, which must hold nothing else.
fn listed(mut headers: &[u8], count: usize) -> Result<Vec<Entry>, ArchiveError> {
    let (mut entries, mut names, mut folders) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for _ in 0..count {
        let (entry, rest) = entry(headers)?;
        // Some file systems fold case.
        let folded = entry.name.to_lowercase();
        folders.extend(folded.split_once('/').map(|(folder, _)| folder.to_owned()));
        if !names.insert(folded) {
            return Err(refused(format!("it has two entries {:?}", entry.name)));
        }
        entries.push(entry);
        headers = rest;
    }
    if !headers.is_empty() {
        return Err(refused("its central directory has more than its entries"));
    }
    if let Some(both) = folders.intersection(&names).next() {
        return Err(refused(format!("{both:?} is a file and a folder")));
    }
    Ok(entries)
}

/// The first entry of the headers, and what follows it.
fn entry(headers: &[u8]) -> Result<(Entry, &[u8]), ArchiveError> {
    let odd = || refused("its central directory is damaged");
    let (header, rest) = headers.split_at_checked(HEADER).ok_or_else(odd)?;
    let field = |at| short(header, at).ok_or_else(odd);
    let size = |at| long(header, at).map(u64::from).ok_or_else(odd);
    if !header.starts_with(b"PK\x01\x02") {
        return Err(odd());
    }
    let (name, rest) = rest.split_at_checked(field(28)?.into()).ok_or_else(odd)?;
    let name = std::str::from_utf8(name).map_err(|_| refused("a name in it is not UTF-8"))?;
    let because = |why: &str| refused(format!("{name:?} {why}"));
    if !is_plain(name) {
        return Err(refused(format!("{name:?} is no name of a file in a snapshot")));
    }
    if field(8)? & !FLAGS != 0 || !METHODS.contains(&field(10)?) {
        return Err(because("is encrypted or packed in an unusual way"));
    }
    let (extra, comment, part) = (field(30)?, field(32)?, field(34)?);
    if [extra, comment, part] != [0, 0, 0] {
        return Err(because("has an extension"));
    }
    // The upper half of the attributes.
    let kind = field(40)? & FILE_TYPE;
    if header[5] == UNIX && kind != 0 && kind != REGULAR {
        return Err(because("is a link or no regular file"));
    }
    let (packed, unpacked) = (size(20)?, size(24)?);
    if packed.max(unpacked) > LARGEST_ARTEFACT {
        return Err(because("is too large"));
    }
    Ok((Entry { name: name.to_owned(), size: unpacked }, rest))
}

/// Whether it is the name of a file, or of one in a folder, and nothing else.
fn is_plain(name: &str) -> bool {
    let mut parts = name.split('/');
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    name.len() <= LONGEST_NAME
        && !name.contains(|c: char| c.is_control() || matches!(c, '\\' | ':'))
        && parts.by_ref().take(2).all(is_part)
        && parts.next().is_none()
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
