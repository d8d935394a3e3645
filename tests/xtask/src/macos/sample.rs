//! Small Mach-O files as a linker lays them out, signed; a test can change each part.

use sha2::{Digest as _, Sha256};

use super::sdk::Sdk;

/// The size of a page that is hashed.
pub(super) const PAGE: usize = 4096;
/// Where the code ends and the tables begin.
const TABLES: usize = 2 * PAGE;

const SYSTEM: &str = "/usr/lib/libSystem.B.dylib";
const PLUGIN_ROOT: &str = "__1as_0lib_1header_0root_bmodule_bloader";

const REQUIRED: u32 = 0x8000_0000;
const ID_DYLIB: u32 = 0xd;
const LOAD_DYLIB: u32 = 0xc;
const SEGMENT: u32 = 0x19;
const RPATH: u32 = 0x1c | REQUIRED;
const SIGNATURE: u32 = 0x1d;
const BUILD_VERSION: u32 = 0x32;
const EXPORTS: u32 = 0x33 | REQUIRED;
const FIXUPS: u32 = 0x34 | REQUIRED;

/// What a file is made of. The numbers of imports are places in the list of libraries, from 1.
#[derive(Clone)]
pub(super) struct Sample {
    pub(super) is_program: bool,
    pub(super) intel: bool,
    pub(super) platform: u32,
    pub(super) oldest: u32,
    pub(super) libraries: Vec<&'static str>,
    pub(super) search_path: Option<&'static str>,
    pub(super) imports: Vec<(&'static str, i8)>,
    pub(super) weak: Vec<(&'static str, i8)>,
    pub(super) exports: Vec<&'static str>,
    pub(super) text: &'static [u8],
    pub(super) unsigned: bool,
}

/// What the samples may need: one library with two symbols, the second for Intel alone.
pub(super) fn sdk() -> Sdk {
    let folder = tempfile::tempdir().expect("a directory");
    let text = format!(
        "--- !tapi-tbd\ninstall-name: '{SYSTEM}'\nexports:\n\
         - targets: [ x86_64-macos, arm64-macos ]\n  symbols: [ _printf ]\n\
         - targets: [ x86_64-macos ]\n  symbols: [ '_opendir$INODE64' ]\n"
    );
    std::fs::write(folder.path().join("libSystem.tbd"), text).expect("a file");
    Sdk::read(folder.path()).expect("an SDK")
}

impl Sample {
    pub(super) fn plugin() -> Self {
        Self {
            is_program: false,
            intel: false,
            platform: 1,
            oldest: 0x000d_0000,
            libraries: vec![SYSTEM],
            search_path: None,
            imports: vec![("_printf", 1)],
            weak: Vec::new(),
            exports: vec![PLUGIN_ROOT],
            text: b"",
            unsigned: false,
        }
    }

    pub(super) fn program() -> Self {
        Self { is_program: true, exports: vec!["__mh_execute_header"], ..Self::plugin() }
    }

    /// The file, with a signature that holds.
    pub(super) fn linked(&self) -> Vec<u8> {
        let (fixups, exports) = (self.fixups(), self.export_trie());
        // At least one byte of padding, which a test can change.
        let code = (TABLES + fixups.len() + exports.len() + 1).next_multiple_of(16);
        let signature_length = signature_length(code.div_ceil(PAGE));
        let mut commands = vec![
            segment("__TEXT", 0, TABLES),
            segment("__LINKEDIT", TABLES, code + signature_length - TABLES),
            words(BUILD_VERSION, &[self.platform, self.oldest, self.oldest, 0]),
            words(FIXUPS, &[number(TABLES), number(fixups.len())]),
            words(EXPORTS, &[number(TABLES + fixups.len()), number(exports.len())]),
        ];
        if !self.unsigned {
            commands.push(words(SIGNATURE, &[number(code), number(signature_length)]));
        }
        if !self.is_program {
            commands.push(named(ID_DYLIB, &[0, 0, 0], "@rpath/plugin.dylib"));
        }
        commands.extend(self.libraries.iter().map(|name| named(LOAD_DYLIB, &[0, 0, 0], name)));
        commands.extend(self.search_path.map(|path| named(RPATH, &[], path)));
        let mut file = self.header(&commands);
        file.extend(self.text);
        assert!(file.len() < PAGE, "the first page has room for the commands");
        file.resize(TABLES, 0);
        file.extend([fixups, exports].concat());
        file.resize(code, 0);
        let signature = self.sign(&file, signature_length);
        file.extend(signature);
        file
    }

    /// `mach_header_64` and the commands.
    fn header(&self, commands: &[Vec<u8>]) -> Vec<u8> {
        let (processor, variant) = if self.intel { (0x0100_0007, 3) } else { (0x0100_000c, 0) };
        let kind = if self.is_program { 2 } else { 6 };
        let length = number(commands.iter().map(Vec::len).sum());
        let two_levels = 0x80;
        let words =
            [0xfeed_facf, processor, variant, kind, number(commands.len()), length, two_levels, 0];
        let mut header: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        header.extend(commands.concat());
        header
    }

    /// `dyld_chained_fixups_header` with imports of its first format, and no fixups.
    fn fixups(&self) -> Vec<u8> {
        let imports = self.imports.iter().map(|import| (import, 0));
        let imports: Vec<_> = imports.chain(self.weak.iter().map(|import| (import, 1))).collect();
        let (starts, table) = (28, 32_usize);
        let names = table + 4 * imports.len();
        let words = [0, starts, number(table), number(names), number(imports.len()), 1, 0, 0];
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        let mut text = Vec::new();
        for ((name, library), weak) in imports {
            let library = u32::from(library.cast_unsigned());
            let word = library | weak << 8 | number(text.len()) << 9;
            bytes.extend(word.to_le_bytes());
            text.extend(name.as_bytes());
            text.push(0);
        }
        bytes.extend(text);
        bytes
    }

    /// A root with one branch for each name.
    fn export_trie(&self) -> Vec<u8> {
        let branches: usize = self.exports.iter().map(|name| name.len() + 2).sum();
        let mut bytes = vec![0, u8::try_from(self.exports.len()).expect("few exports")];
        let mut end = bytes.len() + branches;
        for name in &self.exports {
            bytes.extend(name.as_bytes());
            bytes.extend([0, u8::try_from(end).expect("a short trie")]);
            end += 4;
        }
        // Two bytes of flags and address, and no further branches.
        bytes.extend(self.exports.iter().flat_map(|_| [2, 0, 0, 0]));
        bytes
    }

    /// A super blob with a `CodeDirectory` of version 0x20400, ad hoc.
    fn sign(&self, code: &[u8], length: usize) -> Vec<u8> {
        let (name, fixed) = (b"plugin\0", 88);
        let hashes: Vec<u8> = code.chunks(PAGE).flat_map(Sha256::digest).collect();
        let hashes_at = fixed + name.len();
        let count = number(code.len().div_ceil(PAGE));
        let mut directory: Vec<u8> = [
            0xfade_0c02,
            number(hashes_at + hashes.len()),
            0x0002_0400,
            0x2,
            number(hashes_at),
            fixed.try_into().expect("a number"),
            0,
            count,
            number(code.len()),
            // Hashes of 32 bytes, SHA-256, no platform, pages of 2^12 bytes.
            0x2002_000c,
            0,
            0,
            0,
            0,
        ]
        .into_iter()
        .flat_map(u32::to_be_bytes)
        .collect();
        let main = u64::from(self.is_program);
        for value in [0, 0, TABLES as u64, main] {
            directory.extend(u64::to_be_bytes(value));
        }
        directory.extend(name);
        directory.extend(hashes);
        let blob = [0xfade_0cc0, number(20 + directory.len()), 1, 0, 20];
        let mut bytes: Vec<u8> = blob.into_iter().flat_map(u32::to_be_bytes).collect();
        bytes.extend(directory);
        bytes.resize(length, 0);
        bytes
    }
}

/// The room that a signature of this many pages takes.
pub(super) fn signature_length(pages: usize) -> usize {
    128 + 32 * pages
}

fn number(value: usize) -> u32 {
    value.try_into().expect("a small number")
}

/// A command of words.
fn words(command: u32, words: &[u32]) -> Vec<u8> {
    let all = [&[command, number(8 + 4 * words.len())], words].concat();
    all.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// A command of words with a text behind them, whose place is its first word.
fn named(command: u32, more: &[u32], text: &str) -> Vec<u8> {
    let place = 12 + 4 * more.len();
    let length = (place + text.len() + 1).next_multiple_of(8);
    let all = [&[command, number(length), number(place)], more].concat();
    let mut bytes: Vec<u8> = all.into_iter().flat_map(u32::to_le_bytes).collect();
    bytes.extend(text.as_bytes());
    bytes.resize(length, 0);
    bytes
}

/// A segment without sections, at the same place in the file and in memory.
fn segment(name: &str, at: usize, size: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = [SEGMENT, 72].into_iter().flat_map(u32::to_le_bytes).collect();
    bytes.extend(name.as_bytes());
    bytes.resize(8 + 16, 0);
    for value in [at, size, at, size] {
        bytes.extend((value as u64).to_le_bytes());
    }
    bytes.extend([0; 16]);
    bytes
}
