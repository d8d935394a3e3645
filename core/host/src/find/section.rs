//! The manifest in a library's file, read without loading it.

use std::fs::File;

use object::{Object as _, ObjectSection as _, ReadCache};

/// Largest manifest in bytes, its configuration schema included.
const LIMIT: u64 = 64 << 10;

/// The section in ELF and in Mach-O files.
const NAMES: [&str; 2] = [".vmplugin", "__vmplugin"];

/// The text of the manifest, or why it has none. Only headers and the section are read.
pub(super) fn manifest(file: &File) -> Result<String, String> {
    let cache = ReadCache::new(file);
    let library = object::File::parse(&cache).map_err(|error| format!("not a library: {error}"))?;
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
