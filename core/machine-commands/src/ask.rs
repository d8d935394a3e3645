//! Questions to the person at the terminal.

use std::io::{self, IsTerminal as _};

use vmkit_plugin_commands::{Failure, note};

/// Whether somebody can answer.
pub(crate) fn can_answer() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether the person agrees. Any answer but yes is a no.
///
/// # Errors
/// Nobody is there who could agree.
pub(crate) fn agrees(question: &str) -> anyhow::Result<bool> {
    if !can_answer() {
        let alone = Failure::new("nobody is at the terminal who could agree");
        return Err(alone.with_hint("add --yes to the command").into());
    }
    note(&format!("{question} [y/N] "));
    Ok(matches!(line()?.as_str(), "y" | "Y" | "yes"))
}

/// What the person types.
pub(crate) fn line() -> anyhow::Result<String> {
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}
