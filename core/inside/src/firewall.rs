//! The guest's packet filter.

use vmkit_survey::RuleSet;
use vmkit_types::{Reading, Unread};

use crate::parts::Parts;

/// Reads the rules of nftables and those of iptables, where there is a tool that may list them.
pub(crate) fn read(parts: &Parts) -> Reading<RuleSet> {
    let (rules, saved) = (parts.text("rules"), parts.text("saved"));
    if rules.is_err() && saved.is_err() {
        // A tool that is not there says less than one that was denied.
        let why = [rules, saved].into_iter().filter_map(Result::err);
        let why = why.max_by_key(|why| *why != Unread::Unsupported);
        return Reading::Unknown(why.unwrap_or(Unread::NotTried));
    }
    let text = [rules.unwrap_or_default(), saved.unwrap_or_default()].join("\n");
    let document = parts.text("document").ok();
    Reading::Known(RuleSet::read(&text, document, Some(false)))
}
