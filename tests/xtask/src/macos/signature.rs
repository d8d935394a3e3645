//! The ad-hoc signature, without which the kernel of an Apple-silicon Mac ends a program at its first page.
//!
//! The format is that of `cs_blobs.h` and `ubc_subr.c` in Apple's published xnu: a `CodeDirectory` holds
//! the SHA-256 of each page up to the signature itself.

use object::{
    BigEndian, Endianness, Object as _, ObjectKind, macho,
    read::macho::{
        CodeDirectory, CodeSignatureBlob, LoadCommandVariant, MachOFile64, Segment as _,
    },
};
use sha2::{Digest as _, Sha256};

/// The length of a SHA-256.
const HASH_LENGTH: u8 = 32;
/// Pages of 4 and 16 KiB, as powers of two: those of the two kinds of Mac.
const PAGE_SIZES: [u8; 2] = [12, 14];

/// A signature that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    /// How many pages it covers.
    pub(crate) pages: u32,
}

/// Hashes each page of the file and compares.
///
/// # Errors
/// What does not hold, in words.
pub(crate) fn verify(
    file: &MachOFile64<'_, Endianness>,
    bytes: &[u8],
) -> Result<Signature, String> {
    let (start, directory) = directory(file, bytes)?;
    check_form(&directory)?;
    if directory.code_limit() != start as u64 {
        let limit = directory.code_limit();
        return Err(format!("it covers {limit} bytes, and the code before it has {start}"));
    }
    check_segment(file, &directory)?;
    let pages = pages(&bytes[..start], &directory)?;
    Ok(Signature { pages })
}

/// Where the signature begins, and the directory in it.
fn directory<'data>(
    file: &MachOFile64<'data, Endianness>,
    bytes: &'data [u8],
) -> Result<(usize, CodeDirectory<'data>), String> {
    let endian = file.endian();
    let unreadable = |error: object::read::Error| format!("it cannot be read: {error}");
    let mut commands = file.macho_load_commands().map_err(unreadable)?;
    let mut found = None;
    while let Some(command) = commands.next().map_err(unreadable)? {
        if let LoadCommandVariant::LinkeditData(data) = command.variant().map_err(unreadable)?
            && command.cmd() == macho::LC_CODE_SIGNATURE
        {
            found = Some(data);
        }
    }
    let place = found.ok_or("there is none")?;
    let signature = place.code_signature(endian, bytes).map_err(unreadable)?;
    let start = place.dataoff.get(endian) as usize;
    let end = start + place.datasize.get(endian) as usize;
    if end != bytes.len() {
        return Err(format!("it ends at {end}, and the file at {}", bytes.len()));
    }
    let blobs: Vec<_> = signature.blobs().collect::<Result<_, _>>().map_err(unreadable)?;
    let own = blobs.iter().find(|blob| blob.slot() == macho::CSSLOT_CODEDIRECTORY);
    let directory = own.map(CodeSignatureBlob::code_directory).transpose().map_err(unreadable)?;
    Ok((start, directory.flatten().ok_or("it has no CodeDirectory")?))
}

/// Ad hoc, by SHA-256, with pages of a size that the kernel knows.
fn check_form(directory: &CodeDirectory<'_>) -> Result<(), String> {
    let header = directory.header();
    if !header.flags.get(BigEndian).contains(macho::CS_ADHOC) {
        return Err("it is not marked as ad hoc".to_owned());
    }
    if header.hash_type != macho::CS_HASHTYPE_SHA256 || header.hash_size != HASH_LENGTH {
        return Err(format!("it does not hash by SHA-256 ({:?})", header.hash_type));
    }
    if !PAGE_SIZES.contains(&header.page_size) {
        return Err(format!("its pages have 2^{} bytes", header.page_size));
    }
    let name = directory.ident().unwrap_or_default();
    if name.is_empty() {
        return Err("it names nothing".to_owned());
    }
    Ok(())
}

/// What it says of the executable segment: the kernel takes a program's rights from there.
fn check_segment(
    file: &MachOFile64<'_, Endianness>,
    directory: &CodeDirectory<'_>,
) -> Result<(), String> {
    let endian = file.endian();
    let said = directory.exec_seg().ok_or("it says nothing of the executable segment")?;
    let mut commands = file.macho_load_commands().map_err(|error| error.to_string())?;
    let mut text = None;
    while let Some(command) = commands.next().map_err(|error| error.to_string())? {
        if let Ok(Some((segment, _))) = command.segment_64()
            && segment.name() == macho::SEG_TEXT.as_bytes()
        {
            text = Some((segment.fileoff.get(endian), segment.filesize.get(endian)));
        }
    }
    let signed = (said.exec_seg_base.get(BigEndian), said.exec_seg_limit.get(BigEndian));
    if text != Some(signed) {
        return Err(format!(
            "it places the executable segment at {signed:?}, the file at {text:?}"
        ));
    }
    let is_program = said.exec_seg_flags.get(BigEndian).contains(macho::CS_EXECSEG_MAIN_BINARY);
    if is_program != (file.kind() == ObjectKind::Executable) {
        return Err("it mistakes a program for a library, or the reverse".to_owned());
    }
    Ok(())
}

/// Compares each page's hash. Returns how many there are.
fn pages(code: &[u8], directory: &CodeDirectory<'_>) -> Result<u32, String> {
    let pages = code.chunks(1 << directory.header().page_size);
    let count = directory.header().n_code_slots.get(BigEndian);
    if pages.len() != count as usize {
        return Err(format!("it has hashes of {count} pages, and there are {}", pages.len()));
    }
    for (number, page) in (0..count).zip(pages) {
        let signed = directory.code_hash(number).map_err(|error| error.to_string())?;
        if Sha256::digest(page).as_slice() != signed {
            return Err(format!("page {number} of {count} has another hash"));
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::macos::sample::{Sample, signature_length};

    fn fault(bytes: &[u8]) -> String {
        let file = MachOFile64::parse(bytes).expect("a Mach-O file");
        verify(&file, bytes).map_or_else(|fault| fault, |signature| format!("{signature:?}"))
    }

    #[test]
    fn each_field_of_a_signature_is_checked() {
        let good = Sample::plugin().linked();
        assert_eq!(fault(&good), "Signature { pages: 3 }");
        let start = good.len() - signature_length(3);
        // Places in the super blob, and those in the CodeDirectory behind its 20 bytes.
        let rows = [
            (0, "it cannot be read: Unsupported Mach-O code signature magic"),
            (15, "it has no CodeDirectory"),
            (20 + 15, "it is not marked as ad hoc"),
            (20 + 23, "it names nothing"),
            (20 + 31, "it has hashes of 2 pages, and there are 3"),
            (20 + 35, "and the code before it has"),
            (20 + 36, "it does not hash by SHA-256"),
            (20 + 37, "it does not hash by SHA-256"),
            (20 + 39, "its pages have 2^13 bytes"),
            (20 + 71, "it places the executable segment at (1, 8192), the file at Some((0, 8192))"),
            (20 + 79, "it places the executable segment at (0, 8193), the file at Some((0, 8192))"),
            (20 + 87, "it mistakes a program for a library, or the reverse"),
        ];
        for (place, expected) in rows {
            let mut bytes = good.clone();
            bytes[start + place] ^= match place {
                // From a flag to none, from the name's beginning to its end.
                35 => 2,
                43 => 6,
                _ => 1,
            };
            let fault = fault(&bytes);
            assert!(fault.contains(expected), "{place}: {fault}");
        }
    }

    #[test]
    fn what_stands_behind_a_signature_or_in_place_of_one_is_found() {
        let good = Sample::program().linked();
        let longer = [&good[..], b"\0"].concat();
        let ends = format!("it ends at {}, and the file at {}", good.len(), longer.len());
        assert_eq!(fault(&longer), ends);
        let cut = fault(&good[..good.len() - 1]);
        assert_eq!(cut, "it cannot be read: Invalid Mach-O code signature offset or size");
        let unsigned = Sample { unsigned: true, ..Sample::program() };
        assert_eq!(fault(&unsigned.linked()), "there is none");
    }
}
