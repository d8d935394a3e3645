//! The header of a qcow2 image, read without QEMU, which would open the files that a header names.
//!
//! The format is that of `docs/interop/qcow2.txt` in QEMU's sources.

/// `QFI\xfb`, with which a qcow2 image begins.
pub(crate) const MAGIC: [u8; 4] = *b"QFI\xfb";

/// Bytes that hold the header and its extensions.
pub(crate) const HEAD: usize = 64 * 1024;

/// Length of the header of version 2, and least length of that of version 3.
const VERSION_2: usize = 72;
const VERSION_3: usize = 104;

/// The extension that names a file with the image's data.
const DATA_FILE: u32 = 0x4441_5441;
/// The extension that names the format of the image's base.
const BASE_FORMAT: u32 = 0xe279_2aca;
/// The extension that has the key of an encrypted image.
const ENCRYPTION: u32 = 0x0537_be77;

/// Incompatible features.
const DIRTY: u64 = 1;
const CORRUPT: u64 = 1 << 1;
const EXTERNAL_DATA: u64 = 1 << 2;
/// Another compression, and clusters of parts: the tables differ, and nothing else.
const HARMLESS: u64 = 1 << 3 | 1 << 4;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The size of the disk in bytes.
    pub(crate) size: u64,
    /// The name of the image that it is based on, as it stands there, and its format.
    pub(crate) base: Option<(Vec<u8>, Option<Vec<u8>>)>,
    /// Why QEMU must not open it, if so.
    pub(crate) fault: Option<Fault>,
}

/// Why QEMU must not open an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// It keeps its data in another file.
    ExternalData,
    Encrypted,
    /// It was not closed, or is damaged.
    Damaged,
    /// It has features that this reader does not know.
    UnknownFeature,
}

/// The header in the first bytes of a file; `None`: none that QEMU would read.
pub(crate) fn parse(head: &[u8]) -> Option<Header> {
    if head.get(..4)? != MAGIC {
        return None;
    }
    let version = u32_at(head, 4)?;
    let (features, length) = match version {
        2 => (0, VERSION_2),
        3 => (u64_at(head, 72)?, usize::try_from(u32_at(head, 100)?).ok()?),
        _ => return None,
    };
    if length < if version == 2 { VERSION_2 } else { VERSION_3 } {
        return None;
    }
    let extensions = extensions(head, length);
    let has = |kind| extensions.iter().flatten().any(|(each, _)| *each == kind);
    let fault = if features & EXTERNAL_DATA != 0 || has(DATA_FILE) {
        Some(Fault::ExternalData)
    } else if u32_at(head, 32)? != 0 || has(ENCRYPTION) {
        Some(Fault::Encrypted)
    } else if features & (DIRTY | CORRUPT) != 0 {
        Some(Fault::Damaged)
    } else if features & !HARMLESS != 0 || extensions.is_none() {
        Some(Fault::UnknownFeature)
    } else {
        None
    };
    let base = match (u64_at(head, 8)?, u32_at(head, 16)?) {
        (0, _) => None,
        (offset, size) => {
            let start = usize::try_from(offset).ok()?;
            let end = start.checked_add(usize::try_from(size).ok()?)?;
            let format = extensions.iter().flatten().find(|(kind, _)| *kind == BASE_FORMAT);
            Some((head.get(start..end)?.to_vec(), format.map(|(_, format)| format.to_vec())))
        }
    };
    Some(Header { size: u64_at(head, 24)?, base, fault })
}

/// The extensions by type; `None`: they do not end within the bytes.
fn extensions(head: &[u8], mut at: usize) -> Option<Vec<(u32, &[u8])>> {
    let mut found = Vec::new();
    loop {
        let kind = u32_at(head, at)?;
        if kind == 0 {
            return Some(found);
        }
        let length = usize::try_from(u32_at(head, at + 4)?).ok()?;
        let end = (at + 8).checked_add(length)?;
        found.push((kind, head.get(at + 8..end)?));
        at = end.checked_next_multiple_of(8)?;
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The head of an image of 1 GiB with these features and extensions.
    pub(crate) fn head(features: u64, extensions: &[(u32, &[u8])]) -> Vec<u8> {
        let mut head = vec![0; 4096];
        let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &MAGIC);
        put(4, &3_u32.to_be_bytes());
        put(20, &16_u32.to_be_bytes());
        put(24, &(1_u64 << 30).to_be_bytes());
        put(72, &features.to_be_bytes());
        put(100, &104_u32.to_be_bytes());
        let mut at = 104;
        for (kind, data) in extensions {
            put(at, &kind.to_be_bytes());
            put(at + 4, &u32::try_from(data.len()).unwrap().to_be_bytes());
            put(at + 8, data);
            at = (at + 8 + data.len()).next_multiple_of(8);
        }
        head
    }

    /// The same, based on another image.
    pub(crate) fn with_base(mut head: Vec<u8>, name: &[u8]) -> Vec<u8> {
        head[8..16].copy_from_slice(&1024_u64.to_be_bytes());
        head[16..20].copy_from_slice(&u32::try_from(name.len()).unwrap().to_be_bytes());
        head[1024..1024 + name.len()].copy_from_slice(name);
        head
    }

    fn changed(mut head: Vec<u8>, at: usize, byte: u8) -> Vec<u8> {
        head[at] = byte;
        head
    }

    #[test]
    fn reads_headers_and_sees_what_must_not_be_opened() {
        let plain = |fault| Some(Header { size: 1 << 30, base: None, fault });
        let based = |name: &[u8], format: Option<&[u8]>| {
            let base = Some((name.to_vec(), format.map(<[u8]>::to_vec)));
            Some(Header { size: 1 << 30, base, fault: None })
        };
        let names = (0x6803_f857, [1; 48]);
        let table = [
            ("plain", head(0, &[]), plain(None)),
            ("feature names", head(0, &[(names.0, &names.1)]), plain(None)),
            ("zstd and subclusters", head(0x18, &[]), plain(None)),
            ("not closed", head(1, &[]), plain(Some(Fault::Damaged))),
            ("corrupt", head(2, &[]), plain(Some(Fault::Damaged))),
            ("external data", head(4, &[]), plain(Some(Fault::ExternalData))),
            (
                "data file",
                head(0, &[(DATA_FILE, b"/etc/shadow")]),
                plain(Some(Fault::ExternalData)),
            ),
            ("LUKS", head(0, &[(ENCRYPTION, &[0; 16])]), plain(Some(Fault::Encrypted))),
            ("AES", changed(head(0, &[]), 35, 1), plain(Some(Fault::Encrypted))),
            ("unknown feature", head(0x20, &[]), plain(Some(Fault::UnknownFeature))),
            ("base", with_base(head(0, &[]), b"base.img"), based(b"base.img", None)),
            (
                "base with format",
                with_base(head(0, &[(BASE_FORMAT, b"raw")]), b"json:{}"),
                based(b"json:{}", Some(b"raw")),
            ),
            ("base elsewhere", changed(with_base(head(0, &[]), b"base"), 8, 1), None),
            ("version 1", changed(head(0, &[]), 7, 1), None),
            ("version 4", changed(head(0, &[]), 7, 4), None),
            ("short header", changed(head(0, &[]), 103, 8), None),
            ("another magic", changed(head(0, &[]), 3, 0), None),
            ("cut", head(0, &[])[..20].to_vec(), None),
            ("empty", Vec::new(), None),
            (
                "extension without an end",
                changed(head(0, &[(names.0, &names.1)]), 109, 255),
                plain(Some(Fault::UnknownFeature)),
            ),
        ];
        for (name, head, expected) in table {
            assert_eq!(parse(&head), expected, "{name}");
        }
    }
}
