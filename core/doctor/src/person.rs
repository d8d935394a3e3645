//! The person for whom the doctor works, or a program in their place.

use std::time::Duration;

use vmkit_diagnose::Remedy;

/// Answers questions, reads what is reported, and can end a wait.
///
/// The command line implements it on a terminal; a page or an agent can implement it otherwise.
pub trait Person {
    /// Whether somebody can answer questions and type a password.
    fn can_answer(&self) -> bool;

    /// Whether this is allowed. Without anybody to answer it is not.
    fn allows(&mut self, question: &Question) -> bool;

    /// Takes note of something that happened.
    fn hears(&mut self, note: &Note<'_>);

    /// A wait begins: until [`Person::stops_waiting`], an interruption ends it and not the program.
    fn begins_waiting(&mut self);

    /// Sees how far the wait is.
    fn sees(&mut self, progress: &Progress<'_>);

    /// Lets this much time pass, or less if the person ends the wait. Once ended, a wait stays
    /// ended: this returns at once.
    fn waits(&mut self, interval: Duration) -> Pause;

    /// The wait is over.
    fn stops_waiting(&mut self);
}

/// What a pause in a wait ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// The time has passed.
    Over,
    /// The person wants the answer now.
    EndedByPerson,
}

/// Something that needs consent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Ask the DHCP servers at this interface for offers.
    TestOffers {
        /// The interface.
        interface: String,
    },
    /// Unplug the virtual link of a machine for a moment.
    Unplug {
        /// The machine.
        machine: String,
        /// How long the link is down.
        time: Duration,
    },
    /// Run the remedy that [`Note::Offered`] described last.
    RunRemedy {
        /// The machine.
        machine: String,
        /// The remedy's code.
        remedy: String,
    },
}

/// How far a wait is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The links of machines are down.
    Unplugged {
        /// Since when.
        passed: Duration,
        /// How long they stay down.
        longest: Duration,
    },
    /// Guests have not asked for an address yet, or have not been answered.
    Awaited {
        /// Their machines.
        machines: &'a [&'a str],
        /// Since when.
        passed: Duration,
        /// How long the wait is at most.
        longest: Duration,
        /// The DHCP messages that were captured so far.
        messages: u64,
    },
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Note<'a> {
    /// A remedy can be run.
    Offered(Offered<'a>),
    /// A command of a remedy has ended and printed this.
    CommandOutput(&'a str),
    /// The doctor looks whether the remedy has helped.
    MeasuringAgain,
    /// The link of a machine is down and could not be plugged in again.
    LeftUnplugged {
        /// The machine.
        machine: &'a str,
        /// QEMU's name for the link.
        netdev: &'a str,
        /// Why it failed.
        why: &'a str,
    },
}

/// A remedy that can be run.
#[derive(Clone, Debug)]
pub struct Offered<'a> {
    /// The machine that it would help.
    pub machine: &'a str,
    /// The cause that it would end.
    pub cause: &'a str,
    /// How likely the cause is.
    pub probability: f64,
    /// The remedy.
    pub remedy: &'a Remedy,
    /// Its commands as a shell reads them.
    pub commands: &'a [String],
}

/// A wait that is going on. It is over when this is dropped.
pub(crate) struct Wait<'a>(&'a mut dyn Person);

impl<'a> Wait<'a> {
    pub(crate) fn begin(person: &'a mut dyn Person) -> Self {
        person.begins_waiting();
        Self(person)
    }

    pub(crate) fn shows(&mut self, progress: &Progress<'_>) {
        self.0.sees(progress);
    }

    pub(crate) fn pause(&mut self, interval: Duration) -> Pause {
        self.0.waits(interval)
    }

    pub(crate) fn says(&mut self, note: &Note<'_>) {
        self.0.hears(note);
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.0.stops_waiting();
    }
}
