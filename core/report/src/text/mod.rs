//! Text for people. Colour is never the only sign, and everything untrusted is escaped.

mod checked;
mod doctor;
mod explain;
mod fix;
mod hosts;
mod ladder;
mod lead;
mod page;
mod plugins;
mod recorded;
mod resolve;
mod status;
mod style;
mod summary;
mod table;
mod unchecked;
mod watch;
mod wrap;

use vmkit_scoring::{Flag, Pick, Verdict};

pub use hosts::command_line;
pub use style::Style;

pub(crate) use doctor::write_doctor;
pub(crate) use explain::write_explanation;
pub(crate) use hosts::write_hosts;
pub(crate) use page::write_page;
pub(crate) use plugins::{write_plugin_info, write_plugin_list};
pub(crate) use recorded::write_recorded;
pub(crate) use resolve::remark;
pub(crate) use status::write_status;
pub(crate) use watch::{draw_watch, watched, write_changes};

/// The properties of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Columns; `None`: it is not a terminal, and nothing is cut.
    pub width: Option<usize>,
    /// Whether to use colour.
    pub style: Style,
}

/// Why no address is shown, or the best of several with its probability; `None`: an address is
/// shown, or the machine does not run.
pub(crate) fn no_address(pick: &Pick) -> Option<String> {
    let open = || pick.candidates.iter().filter(|candidate| candidate.struck_out.is_none());
    match pick.verdict {
        Verdict::Resolved | Verdict::Probable | Verdict::NotRunning => None,
        Verdict::NotChecked => Some(match &pick.unchecked {
            Some(unchecked) => lead::reason(unchecked),
            None => "not checked".to_owned(),
        }),
        Verdict::Ambiguous => Some(open().next().map_or_else(
            || "none found".to_owned(),
            |best| {
                let odds = format!("{} ? {:.0} %", best.address, best.probability * 100.0);
                match open().count() {
                    1 => odds,
                    several => format!("{odds}, {} more", several - 1),
                }
            },
        )),
        Verdict::NoAddress => Some(match open().next() {
            Some(first) if first.flags.contains(&Flag::LinkLocal) => {
                format!("{} (link-local)", first.address)
            }
            _ => "none found".to_owned(),
        }),
    }
}

/// Whether a shell reads the text as one plain word. Other text is not offered for pasting.
fn pastes(text: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(plain)
}

/// Each text once, in the order of its first use: many plugins have the same hint.
fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

/// `1 VM`, `2 VMs`.
fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}
