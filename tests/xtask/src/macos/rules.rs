//! What has to hold of a program or plugin for Macs.

use memchr::memmem;
use object::Architecture;

use super::{artefact::Artefact, sdk::Sdk};

/// The oldest macOS that vmkit supports.
pub(crate) const OLDEST_MACOS: (u16, u8) = (13, 0);
/// The one symbol by which `vm-worker` finds a plugin.
const PLUGIN_ROOT: &str = "__1as_0lib_1header_0root_bmodule_bloader";
/// How much of a path is shown.
const SHOWN: usize = 80;

/// A kind of Mac.
#[derive(Debug)]
pub(crate) struct Target {
    /// Its name in Rust, and so of cargo's folder.
    pub(crate) name: &'static str,
    /// Its name in `.tbd` files.
    pub(crate) in_sdk: &'static str,
    pub(crate) architecture: Architecture,
}

/// Both kinds.
pub(crate) const TARGETS: [Target; 2] = [
    Target {
        name: "aarch64-apple-darwin",
        in_sdk: "arm64-macos",
        architecture: Architecture::Aarch64,
    },
    Target {
        name: "x86_64-apple-darwin",
        in_sdk: "x86_64-macos",
        architecture: Architecture::X86_64,
    },
];

/// What a file is compared with.
#[derive(Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) target: &'a Target,
    pub(crate) sdk: &'a Sdk,
    /// Beginnings of paths of the computer that built the file.
    pub(crate) builder: &'a [String],
}

impl Rules<'_> {
    /// Everything that is wrong with a file, in words.
    pub(crate) fn faults(&self, artefact: &Artefact, bytes: &[u8], is_plugin: bool) -> Vec<String> {
        let mut faults = self.header_faults(artefact, is_plugin);
        if let Err(why) = &artefact.signature {
            faults.push(format!("signature: {why}"));
        }
        faults.extend(export_faults(artefact, is_plugin));
        faults.extend(self.import_faults(artefact));
        faults.extend(self.builder.iter().filter_map(|path| path_fault(bytes, path)));
        faults
    }

    fn header_faults(&self, artefact: &Artefact, is_plugin: bool) -> Vec<String> {
        let mut faults = Vec::new();
        if artefact.architecture != self.target.architecture {
            faults.push(format!("it is for {:?}", artefact.architecture));
        }
        if artefact.is_library != is_plugin {
            let what = if artefact.is_library { "a library" } else { "no library" };
            faults.push(format!("it is {what}"));
        }
        if artefact.oldest_macos != Some(OLDEST_MACOS) {
            let says = artefact.oldest_macos;
            faults.push(format!("it is for macOS from {says:?} on, not from {OLDEST_MACOS:?} on"));
        }
        faults
    }

    fn import_faults(&self, artefact: &Artefact) -> Vec<String> {
        let mut faults: Vec<String> =
            artefact.search_paths.iter().map(|path| format!("it searches {path}")).collect();
        let missing = artefact.libraries.iter().filter(|library| !self.sdk.has_library(library));
        faults.extend(missing.map(|library| format!("it needs the library {library}")));
        let has = |library, symbol| self.sdk.has_symbol(library, self.target.in_sdk, symbol);
        let unknown = artefact
            .imports
            .iter()
            .filter(|import| !(import.weak || has(&import.library, &import.symbol)));
        faults.extend(unknown.map(|import| {
            let library = if import.library.is_empty() { "no library" } else { &import.library };
            format!("it needs {} of {library}", import.symbol)
        }));
        faults
    }
}

/// A plugin exports its root and nothing else: whatever else it exported, somebody could come to use. Nobody links
/// against a program.
fn export_faults(artefact: &Artefact, is_plugin: bool) -> Vec<String> {
    if !is_plugin {
        return Vec::new();
    }
    let more = artefact.exports.iter().filter(|name| *name != PLUGIN_ROOT);
    let mut faults: Vec<String> = more.map(|name| format!("it exports {name}")).collect();
    if !artefact.exports.iter().any(|name| name == PLUGIN_ROOT) {
        faults.push(format!("it does not export {PLUGIN_ROOT}"));
    }
    faults
}

/// The first place where the file has this path.
fn path_fault(bytes: &[u8], path: &str) -> Option<String> {
    let at = memmem::find(bytes, path.as_bytes())?;
    let shown = bytes[at..].iter().take(SHOWN).take_while(|byte| byte.is_ascii_graphic());
    let shown: String = shown.map(|byte| char::from(*byte)).collect();
    Some(format!("it shows a path of the computer that built it: {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::macos::sample::{self, Sample};

    /// The faults of a file for Apple silicon.
    fn faults_of(bytes: &[u8], is_plugin: bool) -> Vec<String> {
        let sdk = sample::sdk();
        let builder = ["/builds/vmkit/".to_owned()];
        let rules = Rules { target: &TARGETS[0], sdk: &sdk, builder: &builder };
        let artefact = Artefact::read(bytes).expect("a Mach-O file");
        rules.faults(&artefact, bytes, is_plugin)
    }

    #[test]
    fn a_plugin_and_a_program_as_they_should_be_have_no_faults() {
        assert_eq!(faults_of(&Sample::plugin().linked(), true), [""; 0]);
        assert_eq!(faults_of(&Sample::program().linked(), false), [""; 0]);
        let optional = Sample { weak: vec![("_new_in_macos_14", 1)], ..Sample::plugin() };
        assert_eq!(faults_of(&optional.linked(), true), [""; 0]);
    }

    #[test]
    fn each_fault_is_named() {
        let plugin = Sample::plugin;
        let rows = [
            (Sample { intel: true, ..plugin() }, "it is for X86_64"),
            (Sample { is_program: true, ..plugin() }, "it is no library"),
            (
                Sample { oldest: 0x000b_0000, ..plugin() },
                "it is for macOS from Some((11, 0)) on, not from (13, 0) on",
            ),
            (
                Sample { platform: 2, ..plugin() },
                "it is for macOS from None on, not from (13, 0) on",
            ),
            (
                Sample { exports: vec![PLUGIN_ROOT, "_rust_eh_personality"], ..plugin() },
                "it exports _rust_eh_personality",
            ),
            (
                Sample { exports: vec![], ..plugin() },
                "it does not export __1as_0lib_1header_0root_bmodule_bloader",
            ),
            (
                Sample { imports: vec![("_new_in_macos_14", 1)], ..plugin() },
                "it needs _new_in_macos_14 of /usr/lib/libSystem.B.dylib",
            ),
            (
                Sample { imports: vec![("_opendir$INODE64", 1)], ..plugin() },
                "it needs _opendir$INODE64 of /usr/lib/libSystem.B.dylib",
            ),
            (
                // Of any library that is loaded, as `-undefined dynamic_lookup` has it.
                Sample { imports: vec![("_printf", -2)], ..plugin() },
                "it needs _printf of no library",
            ),
            (
                Sample { libraries: vec!["/opt/homebrew/lib/libz.dylib"], ..plugin() },
                "it needs the library /opt/homebrew/lib/libz.dylib",
            ),
            (Sample { search_path: Some("/opt/lib"), ..plugin() }, "it searches /opt/lib"),
            (
                Sample { text: b"\0at /builds/vmkit/core/host.rs\0", ..plugin() },
                "it shows a path of the computer that built it: /builds/vmkit/core/host.rs",
            ),
        ];
        for (sample, expected) in rows {
            let faults = faults_of(&sample.linked(), true);
            assert!(faults.iter().any(|fault| fault == expected), "{expected}: {faults:?}");
        }
    }

    #[test]
    fn a_changed_byte_on_any_page_breaks_the_signature() {
        let good = Sample::plugin().linked();
        let pages = Artefact::read(&good).expect("Mach-O").signature.expect("it holds").pages;
        assert!(pages >= 3, "several pages: {pages}");
        let code = good.len() - sample::signature_length(pages as usize);
        for page in 0..pages {
            // The last byte: what a page begins with, a change could make unreadable.
            let at = code.min((page as usize + 1) * sample::PAGE) - 1;
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            let expected = format!("signature: page {page} of {pages} has another hash");
            assert_eq!(faults_of(&bytes, true), [expected]);
        }
    }
}
