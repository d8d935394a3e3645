//! Writes fitted numbers into the files of the catalogue, which keep their comments and their order.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use vmkit_diagnose::Number;

/// Why the numbers cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A file cannot be read or written.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The file has no such line.
    #[error("{} has no line for {key}", path.display())]
    NoLine {
        /// The file.
        path: PathBuf,
        /// The number's name.
        key: String,
    },
}

/// Writes these numbers below `core/diagnose`.
///
/// # Errors
/// A file cannot be changed. Files before it are.
pub fn write(folder: &Path, moved: &[(Number, f64)]) -> Result<(), FilesError> {
    let mut files: BTreeMap<&str, Vec<&(Number, f64)>> = BTreeMap::new();
    for each in moved {
        files.entry(&each.0.file).or_default().push(each);
    }
    for (file, numbers) in files {
        let path = folder.join(file);
        let io = |source| FilesError::Io { path: path.clone(), source };
        let mut text = fs::read_to_string(&path).map_err(io)?;
        for (number, value) in numbers {
            let no_line = || FilesError::NoLine { path: path.clone(), key: number.key.to_owned() };
            text = with(&text, number, *value).ok_or_else(no_line)?;
        }
        fs::write(&path, text).map_err(io)?;
    }
    Ok(())
}

/// The text with this value in the number's line.
fn with(text: &str, number: &Number, value: f64) -> Option<String> {
    let mut table = None;
    let mut found = false;
    let mut changed = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if let Some(name) = content.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            table = Some(name);
        }
        let key = content.split_once(" = ").map(|(key, _)| key);
        if !found && table == number.table && key == Some(number.key) {
            found = true;
            changed.extend([number.key, " = ", &value.to_string(), "\n"]);
        } else {
            changed.push_str(line);
        }
    }
    found.then_some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "title = \"x\"\nprior = 0.1\n\n[given]\n\"mode:shared\" = 0\n\n[produces]\n# often\nkernel-panic = 0.5\n";

    #[test]
    fn changes_one_line_of_the_right_table() {
        let number = |table, key| Number { file: String::new(), table, key, value: 0.0 };
        let changed = with(TEXT, &number(Some("produces"), "kernel-panic"), 0.25);
        assert_eq!(changed, Some(TEXT.replace("kernel-panic = 0.5", "kernel-panic = 0.25")));
        let changed = with(TEXT, &number(None, "prior"), 0.02);
        assert_eq!(changed, Some(TEXT.replace("prior = 0.1", "prior = 0.02")));
        assert_eq!(with(TEXT, &number(Some("given"), "prior"), 0.5), None);
    }
}
