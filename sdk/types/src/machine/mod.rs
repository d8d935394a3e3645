//! The machines that an inventory lists. On its way to the host a machine is a list of names and
//! values, so that later versions can add to it.

mod forward;
mod remark;
mod words;

pub use forward::{Forward, InvalidForward, Protocol};
pub use remark::{InvalidRemark, Remark};

use std::net::{IpAddr, SocketAddr};

use crate::{Reading, SubjectCard, Unread, answer::Attributes};

/// State of a machine in its manager.
///
/// ```
/// use vmkit_types::MachineState;
///
/// assert_eq!(MachineState::from_code("running"), Some(MachineState::Running));
/// assert_eq!(MachineState::Paused.code(), "paused");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MachineState {
    /// It has no process.
    Stopped,
    /// It runs.
    Running,
    /// It has a process, and its processors are paused.
    Paused,
    /// The manager lists it, but its files are gone.
    Missing,
}

impl MachineState {
    const ALL: [Self; 4] = [Self::Stopped, Self::Running, Self::Paused, Self::Missing];

    /// The word for it in machines' values and in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Missing => "missing",
        }
    }

    /// The state of this word, if it is one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// One machine, as the inventory of its manager lists it.
///
/// Each field is a reading of its own: what the manager says, that it says there is nothing, or why
/// nobody could see it. Start from [`ListedMachine::new`], where nothing is known, and set what was
/// read.
///
/// ```
/// use vmkit_types::{ListedMachine, MachineState, Reading};
///
/// let mut web = ListedMachine::new("7", "web");
/// web.state = Reading::Known(MachineState::Running);
/// // What nobody set is unknown, and neither empty nor absent.
/// assert!(matches!(web.hostname, Reading::Unknown(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMachine {
    /// Unique within its manager and the same in every look, such as a UUID or the path of its files.
    pub id: String,
    /// The name that users give it.
    pub name: String,
    /// Its state.
    pub state: Reading<MachineState>,
    /// Its process. The host checks that it exists and runs a program that the manifest names in
    /// `processes`.
    pub pid: Reading<u32>,
    /// Its network cards, in the manager's order.
    pub cards: Reading<Vec<SubjectCard>>,
    /// The host name that its guest is meant to have.
    pub hostname: Reading<String>,
    /// The user that its guest is meant to have.
    pub username: Reading<String>,
    /// Absolute path of the file that its console is written to.
    pub console: Reading<String>,
    /// Absolute path of the socket of QEMU's monitor (QMP).
    pub monitor: Reading<String>,
    /// Absolute path of the socket of the channel to its guest agent.
    pub guest_agent: Reading<String>,
    /// Where its SSH server is reached from this computer, such as `127.0.0.1:2222`, if that is not its
    /// own address.
    pub ssh: Reading<SocketAddr>,
    /// Absolute path of the private key that its manager made for SSH. Nobody reads the key.
    pub identity_file: Reading<String>,
    /// Ports of this computer that are forwarded to it.
    pub forwards: Reading<Vec<Forward>>,
    /// Absolute paths of its disks, by which one machine that two inventories list is recognised.
    pub disks: Reading<Vec<String>>,
    /// Addresses that its manager reports for it.
    pub addresses: Reading<Vec<IpAddr>>,
    /// What its manager's files say is wrong with it.
    pub remarks: Reading<Vec<Remark>>,
}

impl ListedMachine {
    /// A machine about which only this is known.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            state: Reading::Unknown(Unread::NotTried),
            pid: Reading::Unknown(Unread::NotTried),
            cards: Reading::Unknown(Unread::NotTried),
            hostname: Reading::Unknown(Unread::NotTried),
            username: Reading::Unknown(Unread::NotTried),
            console: Reading::Unknown(Unread::NotTried),
            monitor: Reading::Unknown(Unread::NotTried),
            guest_agent: Reading::Unknown(Unread::NotTried),
            ssh: Reading::Unknown(Unread::NotTried),
            identity_file: Reading::Unknown(Unread::NotTried),
            forwards: Reading::Unknown(Unread::NotTried),
            disks: Reading::Unknown(Unread::NotTried),
            addresses: Reading::Unknown(Unread::NotTried),
            remarks: Reading::Unknown(Unread::NotTried),
        }
    }

    /// What is known of it beside id and name, as names and values. A field that nobody looked at is
    /// not among them.
    pub fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::new();
        words::write_one(&mut attributes, "state", self.state.as_ref().map(|state| state.code()));
        words::write_one(&mut attributes, "pid", self.pid.as_ref());
        words::write_all(&mut attributes, "card", self.cards.as_ref());
        words::write_one(&mut attributes, "hostname", self.hostname.as_ref());
        words::write_one(&mut attributes, "username", self.username.as_ref());
        words::write_one(&mut attributes, "console", self.console.as_ref());
        words::write_one(&mut attributes, "monitor", self.monitor.as_ref());
        words::write_one(&mut attributes, "guest-agent", self.guest_agent.as_ref());
        words::write_one(&mut attributes, "ssh", self.ssh.as_ref());
        words::write_one(&mut attributes, "identity-file", self.identity_file.as_ref());
        words::write_all(&mut attributes, "forward", self.forwards.as_ref());
        words::write_all(&mut attributes, "disk", self.disks.as_ref());
        words::write_all(&mut attributes, "address", self.addresses.as_ref());
        words::write_all(&mut attributes, "remark", self.remarks.as_ref());
        attributes
    }

    /// The machine with these names and values. A value that cannot be read makes its field unknown:
    /// `Malformed`, with the value.
    pub fn from_attributes(
        id: impl Into<String>,
        name: impl Into<String>,
        attributes: &[(String, String)],
    ) -> Self {
        let text = |field| words::read_one(attributes, field, |text| Some(text.to_owned()));
        Self {
            id: id.into(),
            name: name.into(),
            state: words::read_one(attributes, "state", MachineState::from_code),
            pid: words::read_one(attributes, "pid", |text| text.parse().ok()),
            cards: words::read_all(attributes, "card"),
            hostname: text("hostname"),
            username: text("username"),
            console: text("console"),
            monitor: text("monitor"),
            guest_agent: text("guest-agent"),
            ssh: words::read_one(attributes, "ssh", |text| text.parse().ok()),
            identity_file: text("identity-file"),
            forwards: words::read_all(attributes, "forward"),
            disks: words::read_all(attributes, "disk"),
            addresses: words::read_all(attributes, "address"),
            remarks: words::read_all(attributes, "remark"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_survives_its_attributes() {
        let nothing = ListedMachine::new("1", "web");
        let mut everything = nothing.clone();
        everything.state = Reading::Known(MachineState::Paused);
        everything.pid = Reading::Known(4242);
        everything.cards = Reading::Known(vec![
            "52:54:00:4b:5e:57 bridged br0 tap0".parse().unwrap(),
            "- user - -".parse().unwrap(),
        ]);
        everything.hostname = Reading::Absent;
        everything.username = Reading::Unknown(Unread::TimedOut);
        everything.console = Reading::Unknown(Unread::Denied("/var/log/web.log".to_owned()));
        everything.ssh = Reading::Known("127.0.0.1:2222".parse().unwrap());
        everything.forwards = Reading::Known(vec!["tcp 127.0.0.1:2222 -:22".parse().unwrap()]);
        everything.disks = Reading::Known(Vec::new());
        everything.remarks =
            Reading::Known(vec!["network-inactive it is not started".parse().unwrap()]);
        everything.addresses = Reading::Known(vec!["fe80::1".parse().unwrap()]);
        for machine in [nothing, everything] {
            let attributes = machine.attributes();
            assert_eq!(ListedMachine::from_attributes("1", "web", &attributes), machine);
        }
    }

    #[test]
    fn a_value_that_cannot_be_read_is_unknown_with_the_value() {
        let attributes = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let read = |name, value| ListedMachine::from_attributes("1", "w", &attributes(name, value));
        let malformed = |what: &str| Unread::Malformed(what.to_owned());
        assert_eq!(read("pid", "many").pid, Reading::Unknown(malformed("pid: many")));
        assert_eq!(read("card", "br0").cards, Reading::Unknown(malformed("card: br0")));
        assert_eq!(read("state", "on").state, Reading::Unknown(malformed("state: on")));
        assert_eq!(read("colour", "red"), ListedMachine::new("1", "w"));
    }
}
