//! Verdicts in nftables' text.

use super::{rules::Verdict, words::Rest};

/// A verdict, if one comes next.
pub(super) fn verdict(rest: &mut Rest<'_>) -> Option<Verdict> {
    let verdict = match rest.peek() {
        "accept" => Verdict::Accept,
        "drop" => Verdict::Drop,
        "return" => Verdict::Return,
        "continue" => Verdict::Continue,
        "jump" => {
            rest.next();
            Verdict::Jump(rest.peek().to_owned())
        }
        "goto" => {
            rest.next();
            Verdict::Goto(rest.peek().to_owned())
        }
        "reject" => {
            rest.0 = rest
                .0
                .iter()
                .position(|word| word.is(",") || word.is("}"))
                .map_or(&[], |end| rest.0.get(end..).unwrap_or_default());
            return Some(Verdict::Drop);
        }
        _ => return None,
    };
    rest.next();
    Some(verdict)
}
