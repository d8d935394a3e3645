//! How cloud-init ended: the output of `cloud-init status --long`.

use vmkit_types::{Reading, Unread, bounded};

use crate::{facts::Setup, parts::Parts};

/// Longest error that is kept.
const LONGEST: usize = 200;

/// Reads the state. Its status is another one where it reports an error.
pub(crate) fn read(parts: &Parts) -> Reading<Setup> {
    let part = match parts.part("setup") {
        Ok(part) => part,
        Err(why) => return Reading::Unknown(why),
    };
    let state = part.text.lines().find_map(|line| line.trim().strip_prefix("status:"));
    match (state.map(str::trim), parts.text("setup")) {
        (Some("done" | "disabled" | "degraded" | "degraded done"), _) => {
            Reading::Known(Setup::Done)
        }
        (Some("running" | "not run" | "not started" | "degraded running"), _) => {
            Reading::Known(Setup::Running)
        }
        (Some("error" | "error - done" | "error - running"), _) => {
            Reading::Known(Setup::Failed(detail(&part.text)))
        }
        (_, Err(Unread::Unsupported)) => Reading::Absent,
        (_, Err(why)) => Reading::Unknown(why),
        (_, Ok(_)) => Reading::Unknown(Unread::Malformed("cloud-init's state".to_owned())),
    }
}

/// The line after `detail:`, or the first of `errors:`.
fn detail(text: &str) -> String {
    let mut lines = text.lines().map(str::trim);
    let begun = lines.any(|line| matches!(line, "detail:" | "errors:"));
    let line = lines.find(|line| begun && !line.is_empty()).unwrap_or("no detail");
    bounded(line.trim_start_matches("- "), LONGEST).to_owned()
}
