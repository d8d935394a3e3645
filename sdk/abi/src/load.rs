//! Loading one plugin, with the layout check in both directions.
//!
//! The stock loader of `abi_stable` returns the first library for every later one, and refuses a
//! plugin that is older than its host. So each library's own header is read, and the layouts are
//! compared both ways: one of the two must be a prefix extension of the other.

use std::{fmt, path::Path};

use abi_stable::{
    StableAbi,
    abi_stability::abi_checking::{CheckingGlobals, check_layout_compatibility_with_globals},
    library::lib_header_from_path,
};

use crate::PluginModule_Ref;

/// A library whose layout fits this interface.
pub struct LoadedPlugin {
    /// Its root module.
    pub module: PluginModule_Ref,
    /// Whether it was built against an older version of this interface than this one.
    pub older_than_host: bool,
}

/// Why a library could not be loaded.
#[derive(Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The dynamic linker or the header of the library refused.
    Open(String),
    /// Its data has another layout; the text is a summary on one line.
    Layout(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(message) => write!(f, "cannot load the library: {message}"),
            Self::Layout(summary) => write!(f, "built for another plugin interface: {summary}"),
        }
    }
}

impl std::error::Error for LoadError {}

/// Loads the library at `path` and checks its layout. Runs the library's initialisers.
///
/// # Errors
/// The library cannot be loaded, or neither side's layout extends the other's.
pub fn load_file(path: &Path) -> Result<LoadedPlugin, LoadError> {
    let header = lib_header_from_path(path)
        .map_err(|error| LoadError::Open(one_line(&error.to_string())))?;
    let ours = <PluginModule_Ref as StableAbi>::LAYOUT;
    let theirs = header
        .layout()
        .ok_or_else(|| LoadError::Open("the library exports no layout".to_owned()))?;
    // Fresh globals for each direction: shared ones make the result depend on the load order.
    let newer = check_layout_compatibility_with_globals(ours, theirs, &CheckingGlobals::new());
    let older_than_host = match newer {
        Ok(()) => false,
        Err(error) => {
            check_layout_compatibility_with_globals(theirs, ours, &CheckingGlobals::new())
                .map_err(|_| LoadError::Layout(summary(&error.to_string())))?;
            true
        }
    };
    // SAFETY: one layout is a prefix extension of the other, and accessors of prefix types test at
    // run time whether a field is present, so nothing beyond the shorter one is ever read.
    let module = unsafe { header.init_root_module_with_unchecked_layout::<PluginModule_Ref>() }
        .map_err(|error| LoadError::Open(one_line(&error.to_string())))?;
    Ok(LoadedPlugin { module, older_than_host })
}

/// The first lines of a message, on one line.
fn one_line(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().take(40).collect();
    words.join(" ")
}

/// What differs, from a report of hundreds of lines: `Observation: too many fields (host 6, plugin 7)`.
fn summary(report: &str) -> String {
    let lines: Vec<&str> = report.lines().map(str::trim).collect();
    let after = |from: usize, key: &str| {
        lines[from..]
            .iter()
            .position(|line| *line == key)
            .and_then(|at| lines.get(from + at + 1))
            .copied()
            .unwrap_or("?")
    };
    let mut differences: Vec<String> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(what) = line.strip_prefix("Error:") else { continue };
        let layout = lines[..at]
            .iter()
            .rposition(|line| line.starts_with("Layout of expected type"))
            .unwrap_or(0);
        let of =
            lines[layout..at].iter().find_map(|line| line.strip_prefix("type:")).unwrap_or("?");
        let difference = format!(
            "{}: {} (host {}, plugin {})",
            of.trim(),
            what.trim(),
            after(at, "Expected:"),
            after(at, "Found:")
        );
        if !differences.contains(&difference) {
            differences.push(difference);
        }
    }
    // Three say what happened; the rest are consequences of the same change.
    differences.truncate(3);
    if differences.is_empty() { one_line(report) } else { differences.join("; ") }
}
