//! The symbols of the system's libraries, from the text files (`.tbd`) that stand for them in an SDK.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, bail};
use serde_json::Value;
use vmkit_formats::yaml;

/// What begins each library in a file.
const BEGINNING: &str = "--- !tapi-tbd";

/// The libraries of an SDK by their install names, each with its symbols for each target such as
/// `arm64-macos`.
#[derive(Debug, Default)]
pub(crate) struct Sdk {
    libraries: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Sdk {
    /// Reads all files below a folder. Links are other names of files that are there.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut sdk = Self::default();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let doing = || format!("cannot read {}", folder.display());
            for entry in fs::read_dir(&folder).with_context(doing)? {
                let path = entry.with_context(doing)?.path();
                let is_text = path.extension().is_some_and(|extension| extension == "tbd");
                if path.is_symlink() {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else if is_text {
                    let doing = || format!("cannot read {}", path.display());
                    sdk.add(&fs::read_to_string(&path).with_context(doing)?).with_context(doing)?;
                }
            }
        }
        if sdk.libraries.is_empty() {
            bail!("{} holds no .tbd files", folder.display());
        }
        Ok(sdk)
    }

    /// Adds one file. Its first library exports what the others do: they are parts that it re-exports.
    fn add(&mut self, text: &str) -> anyhow::Result<()> {
        let mut umbrella = None;
        for document in text.split(BEGINNING).skip(1) {
            let document = document.trim_end().trim_end_matches("...");
            let document = yaml::parse(document).context("not the YAML of a .tbd file")?;
            let name = document["install-name"].as_str().context("a library has no name")?;
            let name = umbrella.get_or_insert_with(|| name.to_owned()).clone();
            let library = self.libraries.entry(name).or_default();
            for section in ["exports", "reexports"] {
                for part in list(&document[section]) {
                    add_symbols(library, part);
                }
            }
        }
        umbrella.map(|_| ()).context("it describes no library")
    }

    /// How many libraries there are.
    pub(crate) fn len(&self) -> usize {
        self.libraries.len()
    }

    /// Whether macOS has the library.
    pub(crate) fn has_library(&self, library: &str) -> bool {
        self.libraries.contains_key(library)
    }

    /// Whether the library exports the symbol there.
    pub(crate) fn has_symbol(&self, library: &str, target: &str, symbol: &str) -> bool {
        let targets = self.libraries.get(library);
        let symbols = targets.and_then(|targets| targets.get(target));
        symbols.is_some_and(|symbols| symbols.contains(symbol))
    }
}

/// Adds the symbols of one entry of `exports` to each of its targets.
fn add_symbols(library: &mut BTreeMap<String, BTreeSet<String>>, part: &Value) {
    let texts = |key: &str| list(&part[key]).filter_map(Value::as_str).map(str::to_owned);
    for target in texts("targets") {
        let symbols = library.entry(target).or_default();
        for kind in ["symbols", "weak-symbols", "thread-local-symbols"] {
            symbols.extend(texts(kind));
        }
        for class in texts("objc-classes") {
            symbols.insert(format!("_OBJC_CLASS_$_{class}"));
            symbols.insert(format!("_OBJC_METACLASS_$_{class}"));
        }
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: &str = "--- !tapi-tbd
tbd-version:     4
targets:         [ x86_64-macos, arm64-macos ]
install-name:    '/usr/lib/libSystem.B.dylib'
reexported-libraries:
  - targets:         [ x86_64-macos, arm64-macos ]
    libraries:       [ '/usr/lib/system/libsystem_c.dylib' ]
--- !tapi-tbd
tbd-version:     4
targets:         [ x86_64-macos, arm64-macos ]
install-name:    '/usr/lib/system/libsystem_c.dylib'
current-version: 1534.100.14
exports:
  - targets:         [ x86_64-macos ]
    symbols:         [ '_opendir$INODE64' ]
  - targets:         [ x86_64-macos, arm64-macos ]
    symbols:         [ _closedir, 
                       _printf ]
    objc-classes:    [ OS_object ]
...
";

    #[test]
    fn the_first_library_of_a_file_has_the_symbols_of_its_parts() {
        let mut sdk = Sdk::default();
        sdk.add(SYSTEM).expect("a .tbd file");
        let library = "/usr/lib/libSystem.B.dylib";
        let has = |target, symbol| sdk.has_symbol(library, target, symbol);
        assert!(has("arm64-macos", "_printf") && has("x86_64-macos", "_printf"));
        assert!(has("x86_64-macos", "_opendir$INODE64"));
        assert!(!has("arm64-macos", "_opendir$INODE64"), "it is for Intel alone");
        assert!(has("arm64-macos", "_OBJC_CLASS_$_OS_object"));
        assert!(!has("arm64-macos", "_none") && !has("armv7-ios", "_printf"));
        assert!(sdk.has_library(library) && !sdk.has_library("/usr/lib/libz.1.dylib"));
    }

    #[test]
    fn other_texts_are_no_libraries() {
        for text in ["", "install-name: x", "--- !tapi-tbd\na: [", "--- !tapi-tbd\na: b"] {
            assert!(Sdk::default().add(text).is_err(), "{text}");
        }
    }
}
