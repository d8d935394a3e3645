//! The manifest in a library's file, read without loading it.

use std::fs::File;

use object::{
    Architecture, Object as _, ObjectSection as _, ReadCache, ReadRef,
    read::macho::{FatArch, MachOFatFile32, MachOFatFile64},
};

/// Largest manifest in bytes, its configuration schema included.
const LIMIT: u64 = 64 << 10;

/// The section in ELF and in Mach-O files.
const NAMES: [&str; 2] = [".vmplugin", "__vmplugin"];

/// The architecture that this computer loads.
const OWN: Architecture = if cfg!(target_arch = "aarch64") {
    Architecture::Aarch64
} else if cfg!(target_arch = "x86_64") {
    Architecture::X86_64
} else {
    Architecture::Unknown
};

/// The text of the manifest, or why it has none. Only headers and the section are read. Of a file for
/// several architectures it is that of this computer's, which is the one that would be loaded.
pub(super) fn manifest(file: &File) -> Result<String, String> {
    let cache = ReadCache::new(file);
    match slice(&cache, OWN)? {
        Some((start, length)) => of_library(cache.range(start, length)),
        None => of_library(&cache),
    }
}

/// Where the library of this architecture is in a file for several; `None`: it is a library itself.
fn slice<'d>(file: impl ReadRef<'d>, wanted: Architecture) -> Result<Option<(u64, u64)>, String> {
    if let Ok(fat) = MachOFatFile32::parse(file) {
        return place(fat.arches(), wanted).map(Some);
    }
    match MachOFatFile64::parse(file) {
        Ok(fat) => place(fat.arches(), wanted).map(Some),
        Err(_) => Ok(None),
    }
}

fn place(libraries: &[impl FatArch], wanted: Architecture) -> Result<(u64, u64), String> {
    let own = libraries.iter().find(|library| library.architecture() == wanted);
    own.map(FatArch::file_range).ok_or_else(|| {
        let held: Vec<_> =
            libraries.iter().map(|library| format!("{:?}", library.architecture())).collect();
        format!("the file is for {}, and this computer is {wanted:?}", held.join(" and "))
    })
}

fn of_library<'d>(file: impl ReadRef<'d>) -> Result<String, String> {
    let library = object::File::parse(file).map_err(|error| format!("not a library: {error}"))?;
    let section = NAMES
        .iter()
        .find_map(|name| library.section_by_name(name))
        .ok_or("the library carries no plugin manifest")?;
    if section.size() > LIMIT {
        return Err(format!("a manifest of {} bytes is over the limit", section.size()));
    }
    let bytes = section.data().map_err(|error| format!("manifest: {error}"))?;
    String::from_utf8(bytes.to_vec()).map_err(|_| "the manifest is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use super::*;

    /// Numbers of processors in Mach-O files.
    const ARM64: u32 = 0x0100_000c;
    const X86_64: u32 = 0x0100_0007;
    /// Where a slice begins: at a page.
    const PAGE: usize = 0x4000;

    /// The smallest library with a manifest.
    fn library(processor: u32, manifest: &str) -> Vec<u8> {
        let words =
            |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
        let long = |number: u64| number.to_le_bytes().to_vec();
        let name = |text: &str| {
            let mut name = text.as_bytes().to_vec();
            name.resize(16, 0);
            name
        };
        let (commands, size) = (32 + 72 + 80, u64::try_from(manifest.len()).unwrap());
        [
            // Header: magic, processor, its kind, library, commands and their bytes, flags.
            words(&[0xfeed_facf, processor, 0, 6, 1, 72 + 80, 0, 0]),
            // LC_SEGMENT_64 with one section.
            words(&[0x19, 72 + 80]),
            name("__DATA"),
            [0, size, commands, size].map(long).concat(),
            words(&[7, 3, 1, 0]),
            name("__vmplugin"),
            name("__DATA"),
            [0, size].map(long).concat(),
            words(&[u32::try_from(commands).unwrap(), 0, 0, 0, 0, 0, 0, 0]),
            manifest.as_bytes().to_vec(),
        ]
        .concat()
    }

    /// A file of these libraries.
    fn fat(libraries: &[(u32, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = [0xcafe_babe_u32, u32::try_from(libraries.len()).unwrap()]
            .map(u32::to_be_bytes)
            .concat();
        for (number, (processor, library)) in (1..).zip(libraries) {
            let (start, length) = (PAGE * number, library.len());
            let range = [start, length].map(|it| u32::try_from(it).unwrap());
            let row = [*processor, 0, range[0], range[1], 14];
            bytes.extend(row.map(u32::to_be_bytes).concat());
        }
        for (number, (_, library)) in (1..).zip(libraries) {
            bytes.resize(PAGE * number, 0);
            bytes.extend(library);
        }
        bytes
    }

    fn of_bytes(bytes: &[u8], wanted: Architecture) -> Result<String, String> {
        match slice(bytes, wanted)? {
            Some((start, length)) => {
                let (start, length) =
                    (usize::try_from(start).unwrap(), usize::try_from(length).unwrap());
                of_library(&bytes[start..start + length])
            }
            None => of_library(bytes),
        }
    }

    #[test]
    fn reads_the_manifest_of_the_architecture_that_would_be_loaded() {
        let (arm, intel) = (library(ARM64, "of arm"), library(X86_64, "of intel"));
        let both = fat(&[(X86_64, intel.clone()), (ARM64, arm.clone())]);
        let one = fat(&[(X86_64, intel)]);
        let refusal = "the file is for X86_64, and this computer is Aarch64";
        let rows = [
            (&arm, Architecture::Aarch64, Ok("of arm")),
            (&both, Architecture::Aarch64, Ok("of arm")),
            (&both, Architecture::X86_64, Ok("of intel")),
            (&one, Architecture::Aarch64, Err(refusal)),
        ];
        for (bytes, wanted, expected) in rows {
            let found = of_bytes(bytes, wanted);
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{wanted:?}");
        }
    }

    #[test]
    fn reads_a_file_of_several_architectures() {
        let mut file = tempfile::tempfile().unwrap();
        let both = fat(&[(X86_64, library(X86_64, "m")), (ARM64, library(ARM64, "m"))]);
        file.write_all(&both).unwrap();
        file.rewind().unwrap();
        assert_eq!(manifest(&file).as_deref(), Ok("m"));
        // A slice that leads out of the file.
        file.set_len(64).unwrap();
        assert!(manifest(&file).is_err());
    }
}
