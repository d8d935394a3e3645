//! The person at the terminal.

use std::io;
use std::time::{Duration, Instant};

use vmkit_doctor::{Note, Offered, Pause, Person, Progress, Question};
use vmkit_types::{bounded, escaped};

use vmkit_plugin_commands::ProgressLine;

use super::attention::Attention;
use crate::output;

/// Most lines of a command's output that are shown.
const MOST_LINES: usize = 12;
/// Most bytes of such a line.
const LONGEST_LINE: usize = 200;

/// Asks on standard error and reads from standard input.
pub(crate) struct Terminal {
    attention: Attention,
    quiet: bool,
    /// Whether questions are asked.
    asks: bool,
    /// The progress of the wait that is going on.
    progress: Option<ProgressLine<io::Stderr>>,
}

impl Terminal {
    pub(crate) fn new(quiet: bool) -> io::Result<Self> {
        Ok(Self { attention: Attention::new()?, quiet, asks: true, progress: None })
    }

    /// The same without questions: every answer is no.
    pub(crate) fn without_questions(quiet: bool) -> io::Result<Self> {
        Ok(Self { asks: false, ..Self::new(quiet)? })
    }

    /// Whether the person says yes to this.
    pub(crate) fn consents(&self, question: &str) -> bool {
        self.asks && output::consents(question)
    }
}

impl Person for Terminal {
    fn can_answer(&self) -> bool {
        self.asks && output::can_ask()
    }

    fn allows(&mut self, question: &Question) -> bool {
        self.consents(&worded(question))
    }

    fn hears(&mut self, note: &Note<'_>) {
        // A note starts on a line of its own.
        self.progress = None;
        match note {
            Note::Offered(offered) => output::note(&described(offered)),
            Note::CommandOutput(text) => output::note(&quoted(text)),
            Note::MeasuringAgain => output::note("Measuring again …\n"),
            Note::LeftUnplugged { machine, netdev, why } => output::note(&format!(
                "error: the virtual link of {} could not be plugged in again: {}\n  in QEMU's \
                 monitor enter: set_link {} on\n",
                escaped(machine),
                escaped(why),
                escaped(netdev),
            )),
        }
    }

    fn begins_waiting(&mut self) {
        self.attention.hold();
    }

    fn sees(&mut self, progress: &Progress<'_>) {
        let quiet = self.quiet;
        let line = self.progress.get_or_insert_with(|| ProgressLine::on_stderr(quiet));
        line.show(Instant::now(), &shown(progress));
    }

    fn waits(&mut self, interval: Duration) -> Pause {
        self.attention.pause(interval)
    }

    fn stops_waiting(&mut self) {
        self.progress = None;
        self.attention.release();
    }
}

fn worded(question: &Question) -> String {
    match question {
        Question::TestOffers { interface } => format!(
            "Ask the DHCP servers on {} for offers? This sends up to 13 DISCOVERs and takes no \
             lease; a server may hold an address for a moment.",
            escaped(interface)
        ),
        Question::Unplug { machine, time } => format!(
            "Unplug the virtual link of {} for {} s? Its connections are interrupted; its guest \
             then asks for an address at once.",
            escaped(machine),
            time.as_secs()
        ),
        Question::RunRemedy { .. } => "Run it?".to_owned(),
    }
}

fn shown(progress: &Progress<'_>) -> String {
    match progress {
        Progress::Unplugged { passed, longest } => {
            format!("unplugged: {} s of {}", passed.as_secs(), longest.as_secs())
        }
        Progress::Awaited { machines, passed, longest, messages } => format!(
            "waiting for {} to ask: {} s of {}, {messages} DHCP messages (Enter or Ctrl-C: answer \
             now)",
            escaped(&shortened(machines)),
            passed.as_secs(),
            longest.as_secs(),
        ),
    }
}

fn shortened(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

fn described(offered: &Offered<'_>) -> String {
    let lines = offered.commands.iter().map(|line| format!("  $ {}\n", escaped(line)));
    let commands: String = lines.collect();
    let (remedy, percent) = (offered.remedy, offered.probability * 100.0);
    format!(
        "\n{}: {} ({percent:.0} %)\n{}\n{commands}\n  changes {}; {} risk: {}\n  To undo: {}\n",
        escaped(offered.machine),
        offered.cause,
        escaped(&remedy.title),
        remedy.scope.in_words(),
        if remedy.risk == vmkit_diagnose::Risk::None { "no" } else { remedy.risk.word() },
        escaped(&remedy.risk_says),
        escaped(&remedy.undo),
    )
}

/// The first lines of what a command printed.
fn quoted(text: &str) -> String {
    let lines = text.lines().take(MOST_LINES);
    let lines = lines.map(|line| format!("  | {}\n", escaped(bounded(line, LONGEST_LINE))));
    let more = if text.lines().count() > MOST_LINES { "  | …\n" } else { "" };
    lines.chain([more.to_owned()]).collect()
}
