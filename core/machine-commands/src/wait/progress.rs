//! The progress of a wait on standard error.

use std::time::Instant;

use vmkit_plugin_commands::{ProgressLine, note};
use vmkit_types::escaped;

/// How far a machine is, the earliest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its QEMU runs.
    Started,
    /// Its console shows how far its boot is.
    Boots(&'static str),
    /// It asks for an address.
    Asks,
    /// It was refused an address, and asks again.
    Refused,
    /// It says that it has this address.
    Says(String),
    /// It has this address, and its SSH server does not answer yet.
    Has(String),
    /// Nothing is awaited any more.
    Settled,
}

impl Stage {
    fn words(&self) -> String {
        match self {
            Self::Started => "QEMU runs; waiting for its guest".to_owned(),
            Self::Boots(phase) => format!("boots: {phase}"),
            Self::Asks => "asks for an address (DHCP)".to_owned(),
            Self::Refused => "was refused an address, and asks again".to_owned(),
            Self::Says(address) => format!("was given {address}"),
            Self::Has(address) => format!("has {address}; waiting for its SSH server"),
            Self::Settled => "done".to_owned(),
        }
    }
}

/// The words for a phase that the console shows; `None`: it shows none.
pub(super) fn phase(code: &str) -> Option<&'static str> {
    Some(match code {
        "firmware" => "the firmware runs",
        "kernel" => "the kernel runs",
        "initramfs" => "the initial file system runs",
        "network" => "it sets up its network",
        "dhcp" => "it asks for an address",
        "link-local" => "it got no address, and gave itself one of 169.254",
        "login" => "it shows a login prompt",
        "ssh" => "its SSH server runs",
        "panic" => "its kernel panicked",
        _ => return None,
    })
}

/// Shows the stages: in one changing line on a terminal, and elsewhere in a line for each new stage.
pub(super) struct Progress {
    line: ProgressLine<std::io::Stderr>,
    said: Vec<Option<Stage>>,
    quiet: bool,
}

impl Progress {
    pub(super) fn new(machines: usize, quiet: bool) -> Self {
        Self { line: ProgressLine::on_stderr(quiet), said: vec![None; machines], quiet }
    }

    /// Shows how far the machines are.
    pub(super) fn show(&mut self, stages: &[(&str, &Stage)], began: Instant) {
        if self.quiet {
            return;
        }
        if self.line.is_on_terminal() {
            self.line.show(Instant::now(), &one_line(stages, began.elapsed().as_secs()));
            return;
        }
        for ((name, stage), said) in stages.iter().zip(&mut self.said) {
            if said.as_ref() != Some(*stage) && **stage != Stage::Settled {
                note(&format!("{}: {}\n", escaped(name), escaped(&stage.words())));
                *said = Some((*stage).clone());
            }
        }
    }
}

fn one_line(stages: &[(&str, &Stage)], seconds: u64) -> String {
    let open: Vec<_> = stages.iter().filter(|(_, stage)| **stage != Stage::Settled).collect();
    let Some((name, stage)) = open.first() else { return String::new() };
    let first = format!("{}: {}", escaped(name), escaped(&stage.words()));
    let others = match (open.len() - 1, stages.len()) {
        (0, _) => String::new(),
        (more, all) => format!(" (and {more} more of {all})"),
    };
    format!("{seconds} s  {first}{others}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_names_the_first_that_is_awaited() {
        let (settled, asks) = (Stage::Settled, Stage::Asks);
        let rows: [(&[(&str, &Stage)], &str); 4] = [
            (&[("web", &asks)], "4 s  web: asks for an address (DHCP)"),
            (
                &[("web", &asks), ("db", &asks)],
                "4 s  web: asks for an address (DHCP) (and 1 more of 2)",
            ),
            (&[("web", &settled), ("db", &asks)], "4 s  db: asks for an address (DHCP)"),
            (&[("web", &settled)], ""),
        ];
        for (stages, expected) in rows {
            assert_eq!(one_line(stages, 4), expected);
        }
    }
}
