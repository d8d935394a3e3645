//! The error of a machine that could have been started and was not.

use std::{error::Error, fmt};

/// A machine was to be started and was not: its card could not be attached, or QEMU did not run. What is seen
/// of the computer then may say why.
#[derive(Debug)]
pub struct NotLaunched(pub(crate) anyhow::Error);

impl fmt::Display for NotLaunched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for NotLaunched {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use vmkit_plugin_commands::Failure;

    use super::*;

    #[test]
    fn it_reads_as_the_error_that_it_holds_and_keeps_its_advice() {
        let inner = || anyhow::Error::from(Failure::new("no tap").with_hint("vm net"));
        let rows = [
            (inner(), "no tap"),
            (inner().context("cannot start web"), "cannot start web: no tap"),
        ];
        for (error, expected) in rows {
            let error = anyhow::Error::new(NotLaunched(error));
            let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
            assert_eq!(chain.join(": "), expected);
            assert_eq!(crate::hint(&error).as_deref(), Some("vm net"));
        }
    }
}
