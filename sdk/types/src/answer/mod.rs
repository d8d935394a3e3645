//! What the host answers to the questions of plugins. On its way an answer is a list of names and
//! values, so that later versions can add to it.

mod agent;
mod arp;
mod process;

pub use agent::{AgentAnswer, AgentCommand};
pub use arp::{ArpAnswer, ArpFailure, ArpOutcome, ArpReply};
pub use process::ProcessAnswer;

/// Names and values, in order. A name may occur several times.
///
/// ```
/// let attributes: vmkit_types::Attributes = vec![("pid".into(), "7".into())];
/// assert_eq!(attributes[0].1, "7");
/// ```
pub type Attributes = Vec<(String, String)>;

/// Names that several kinds of answer share.
mod name {
    /// The code of an [`Unread`](crate::Unread).
    pub(super) const UNREAD: &str = "unread";
    /// What the reason names.
    pub(super) const DETAIL: &str = "detail";
}

fn attribute(name: &str, value: &(impl ToString + ?Sized)) -> (String, String) {
    (name.to_owned(), value.to_string())
}

/// The first value of this name.
fn value<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn unread(attributes: &[(String, String)]) -> Option<crate::Unread> {
    let code = value(attributes, name::UNREAD)?;
    Some(crate::Unread::from_code(code, value(attributes, name::DETAIL).unwrap_or_default()))
}

fn unread_attributes(why: &crate::Unread) -> [(String, String); 2] {
    [attribute(name::UNREAD, why.code()), attribute(name::DETAIL, why.detail())]
}
