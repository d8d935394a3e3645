//! The processor that an image is for.

/// Words in the names of images, and QEMU's word for the architecture.
const NAMES: &[(&str, &str)] = &[
    ("amd64", "x86_64"),
    ("x86_64", "x86_64"),
    ("x86-64", "x86_64"),
    ("arm64", "aarch64"),
    ("aarch64", "aarch64"),
    ("armhf", "arm"),
    ("armv7", "arm"),
    ("i386", "i386"),
    ("i686", "i386"),
    ("ppc64", "ppc64"),
    ("riscv64", "riscv64"),
    ("s390x", "s390x"),
];

/// Types of partitions that only one architecture has: systems' roots by the Discoverable Partitions
/// Specification, and what firmware starts.
const PARTITIONS: &[(&str, &str)] = &[
    ("4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "x86_64"),
    ("21686148-6449-6e6f-744e-656564454649", "x86_64"),
    ("b921b045-1df0-41c3-af44-4c6f280d3fae", "aarch64"),
    ("44479540-f297-41b2-9af7-d131d5f0458a", "i386"),
    ("69dad710-2ce4-4e3c-b16c-21a1d49abed3", "arm"),
    ("72ec70a6-cf74-40e6-bd49-4bda08e8f224", "riscv64"),
    ("9e1a2d38-c612-4316-aa26-8b49521e5a8b", "ppc64"),
];

/// Sectors of 512 bytes that hold a table of 128 partitions, GPT's usual one.
pub(crate) const SECTORS: u32 = 34;

/// Bytes of a sector, of the header's mark, and of a partition's type.
const SECTOR: usize = 512;
const MARK: &[u8] = b"EFI PART";
const TYPE: usize = 16;

/// The architecture that the name of an image's file tells.
pub(crate) fn of_name(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    NAMES.iter().find(|(word, _)| name.contains(word)).map(|(_, architecture)| *architecture)
}

/// The architecture that the table of partitions in a disk's first sectors tells.
pub(crate) fn of_partitions(start: &[u8]) -> Option<&'static str> {
    let header = start.get(SECTOR..).filter(|header| header.starts_with(MARK))?;
    let entry = u32::from_le_bytes(*header.get(84..)?.first_chunk()?);
    let entry = usize::try_from(entry).ok().filter(|entry| *entry >= 128)?;
    let table = u64::from_le_bytes(*header.get(72..)?.first_chunk()?);
    let table = usize::try_from(table).ok()?.checked_mul(SECTOR)?;
    let entries = start.get(table..)?.chunks_exact(entry);
    let mut types = entries.filter_map(|entry| entry.first_chunk::<TYPE>()).map(shown);
    types.find_map(|found| {
        let known = PARTITIONS.iter().find(|(each, _)| *each == found);
        known.map(|(_, architecture)| *architecture)
    })
}

/// A type as it is written: the first three fields are little-endian in a table.
fn shown(bytes: &[u8; TYPE]) -> String {
    let number = |at: usize, count: usize| {
        let field = bytes.iter().skip(at).take(count);
        field.fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let first = u32::try_from(number(0, 4)).unwrap_or(0).swap_bytes();
    let pair = |at| u16::try_from(number(at, 2)).unwrap_or(0).swap_bytes();
    let (second, third) = (pair(4), pair(6));
    format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}", number(8, 2), number(10, 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first sectors of a disk with a partition of this type, as it stands in a table.
    fn disk(kind: [u8; TYPE]) -> Vec<u8> {
        let mut disk = vec![0; SECTOR * 34];
        disk[512..520].copy_from_slice(MARK);
        disk[512 + 72] = 2;
        disk[512 + 84] = 128;
        disk[1024 + 128..1024 + 128 + TYPE].copy_from_slice(&kind);
        disk
    }

    #[test]
    fn tells_the_architecture_by_name_and_by_partitions() {
        let table = [
            ("noble-server-cloudimg-amd64.img", Some("x86_64")),
            ("Fedora-Cloud-Base-Generic-42-1.1.aarch64.qcow2", Some("aarch64")),
            ("debian-13-generic-ppc64el.qcow2", Some("ppc64")),
            ("disk.img", None),
        ];
        for (name, expected) in table {
            assert_eq!(of_name(name), expected, "{name}");
        }
        // As gdisk writes the types `8304` and `8305`, and an EFI system partition.
        let x86 = *b"\xe3\xbc\x68\x4f\xcd\xe8\xb1\x4d\x96\xe7\xfb\xca\xf9\x84\xb7\x09";
        let arm = *b"\x45\xb0\x21\xb9\xf0\x1d\xc3\x41\xaf\x44\x4c\x6f\x28\x0d\x3f\xae";
        let efi = *b"\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b";
        assert_eq!(of_partitions(&disk(x86)), Some("x86_64"));
        assert_eq!(of_partitions(&disk(arm)), Some("aarch64"));
        assert_eq!(of_partitions(&disk(*b"Hah!IdontNeedEFI")), Some("x86_64"));
        assert_eq!(of_partitions(&disk(efi)), None);
        let mut hostile = disk(x86);
        hostile[512 + 72..512 + 80].fill(0xff);
        for start in [&hostile[..], &disk(x86)[..600], &vec![0; SECTOR * 34], b""] {
            assert_eq!(of_partitions(start), None);
        }
    }
}
