//! The text of an error.

use std::fmt::Write as _;

use crate::clean::shown;

/// The error as lines for the end of a command: `error:` with the chain from the outermost cause
/// to the innermost, and `hint:` if there is one. Ends with a line break.
pub fn failure(chain: &[String], hint: Option<&str>) -> String {
    let mut causes: Vec<String> = Vec::new();
    for cause in chain {
        let cause = shown(cause);
        // Some foreign errors repeat their source.
        if causes.last().is_none_or(|outer| !outer.ends_with(&cause)) {
            causes.push(cause);
        }
    }
    let mut out = format!("error: {}\n", causes.join(": "));
    if let Some(hint) = hint {
        _ = writeln!(out, "hint: {}", shown(hint));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_chain_in_one_line_without_repetition() {
        let chain = ["cannot read /x".to_owned(), "open: denied".to_owned(), "denied".to_owned()];
        assert_eq!(
            failure(&chain, Some("try with sudo\x1b[2J")),
            "error: cannot read /x: open: denied\nhint: try with sudo\\x1b[2J\n"
        );
        assert_eq!(failure(&[], None), "error: \n");
    }
}
