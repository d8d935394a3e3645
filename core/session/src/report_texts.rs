//! What a snapshot holds for a bug report beside the evidence.

use std::path::Path;

use vmkit_files::Directory;
use vmkit_platform::{HAS_REPORT_TEXTS, ReportText};
use vmkit_snapshot::{SaveError, Target, Writer, put};
use vmkit_types::Reading;

/// The folder of the texts in a snapshot.
const FOLDER: &str = "tools";

/// What a person is asked before command lines are recorded.
const PROCESSES: &str = "Record the command lines of programs that run VMs as well? They may hold what you typed there.";

/// Begins a snapshot at this path, with what the system's tools print, word for word, where a bug report needs it.
/// `agrees` answers, where it is asked, whether the command lines of programs that run VMs are recorded as well.
///
/// # Errors
/// Something is there already, or a file cannot be written.
pub fn begin_snapshot(
    path: &Path,
    redact: bool,
    agrees: impl FnOnce(&str) -> bool,
) -> Result<(Writer, Target), SaveError> {
    let target = Target::new(path)?;
    let writer = Writer::of(&target, path, redact)?;
    let with_processes = HAS_REPORT_TEXTS && agrees(PROCESSES);
    save(writer.artefacts(), vmkit_platform::report_texts(with_processes))?;
    Ok((writer, target))
}

fn save(directory: &Directory, texts: Vec<ReportText>) -> Result<(), SaveError> {
    for ReportText { name, text } in texts {
        let text = match text {
            Reading::Known(text) => text,
            Reading::Absent => continue,
            Reading::Unknown(why) => format!("not read: {why}\n"),
        };
        put(directory, &format!("{FOLDER}/{name}.txt"), text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use vmkit_types::Unread;

    use super::*;

    #[test]
    fn a_tool_that_failed_is_named_and_one_that_has_nothing_is_not() {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::make(&place.path().join("record")).unwrap();
        let texts = [
            ("release", Reading::Known("ProductVersion:\t\t15.4\n".to_owned())),
            ("arp", Reading::Unknown(Unread::TimedOut)),
            ("processes", Reading::Absent),
        ];
        let texts = texts.map(|(name, text)| ReportText { name, text });
        save(&directory, texts.to_vec()).unwrap();
        let read = |name| fs::read_to_string(place.path().join("record/tools").join(name)).ok();
        assert_eq!(read("release.txt").as_deref(), Some("ProductVersion:\t\t15.4\n"));
        assert_eq!(read("arp.txt"), Some(format!("not read: {}\n", Unread::TimedOut)));
        assert_eq!(read("processes.txt"), None);
    }
}
