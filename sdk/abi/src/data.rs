//! The data that crosses the boundary. Frozen: growth goes into `ext`.

use abi_stable::{
    StableAbi,
    std_types::{ROption, RString, RVec},
};

/// An open set of codes. An older peer sees an unknown number, never an invalid enum.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$code_doc:meta])* $code:ident = $value:literal,)* }) => {
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(StableAbi, Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name(pub u32);

        impl $name {
            $($(#[$code_doc])* pub const $code: Self = Self($value);)*

            /// Each code with its number.
            #[cfg(test)]
            pub(crate) const ALL: &[(&str, u32)] = &[$((stringify!($code), $value)),*];
        }
    };
}

codes! {
    /// What went wrong in a plugin.
    ErrorCode {
        OTHER = 0,
        /// The plugin does not accept the configuration.
        CONFIGURATION = 1,
        UNSUPPORTED = 2,
        /// The operating system or the host refused.
        DENIED = 3,
        TIMED_OUT = 4,
        CANCELLED = 5,
        /// The plugin panicked; the SDK caught it.
        PANIC = 6,
        IO = 7,
        NOT_FOUND = 8,
    }
}

codes! {
    /// Severity of a log line, as in `tracing`.
    Level { ERROR = 1, WARN = 2, INFO = 3, DEBUG = 4, TRACE = 5, }
}

codes! {
    /// What a plugin can ask the host to open, each with the argument of `HostApi::open`.
    Resource {
        /// A machine's console log, read only; argument: its index in the batch.
        CONSOLE = 1,
        /// A raw artefact of a snapshot, read only; argument: its path in the snapshot.
        ARTEFACT = 2,
        /// Reserved, and refused: hosts of an earlier version handed over a socket for ARP frames.
        /// Ask `Question::WHO_HAS`.
        RAW_SOCKET = 3,
        /// A new file to write, in the snapshot that is being recorded; argument: its path there.
        RECORDING = 4,
        /// Reserved, and refused: hosts of an earlier version handed over a connection to a guest
        /// agent. Ask `Question::GUEST_AGENTS`.
        GUEST_AGENT = 5,
        /// A file that the manifest declares, read only; argument: its path.
        FILE = 6,
        /// The paths of the files that match a pattern of the manifest, as a stream of lines; argument:
        /// the pattern.
        FILES = 7,
        /// What a service of a manager on this computer answers to a request of the manifest, read only;
        /// argument: its socket, a blank and the request.
        LOCAL_API = 8,
        /// What a tool of the system prints that only reads, as a stream; argument: its command line. The
        /// manifest declares the program in `exec`. The host runs each once for all who ask at the same time.
        TOOL = 9,
    }
}

codes! {
    /// What a plugin can ask the host, each with the words of `HostApi::ask`. Answers are names and
    /// values, as `vmkit_types` writes and reads them.
    Question {
        /// Who answers ARP for candidates of the batch; words: their IPv4 addresses. One answer for each
        /// that is on a link of the host.
        WHO_HAS = 1,
        /// What guest agents report; words: a command that only reads, such as
        /// `guest-network-get-interfaces`, then indices in the batch. One answer for each.
        GUEST_AGENTS = 2,
        /// The processes of this computer that run a program of the manifest's `processes`; no words.
        /// One answer for each.
        PROCESSES = 3,
    }
}

codes! {
    /// What a call asks a signal for.
    Stage {
        /// The addresses of the machines.
        DISCOVER = 1,
        /// What is known of the candidates.
        CONFIRM = 2,
    }
}

codes! {
    /// Where a signal looks.
    Source {
        /// At the computer itself.
        LIVE = 1,
        /// At the computer itself. Every raw artefact also goes into the snapshot.
        RECORDING = 2,
        /// At the artefacts of a snapshot only.
        SNAPSHOT = 3,
    }
}

codes! {
    /// What an advice states.
    AdviceKind {
        /// Which router this is.
        ROUTER = 1,
        /// What can be done about a finding.
        REMEDY = 2,
        /// Something that the router itself reports, such as a machine in its device list.
        WITNESS = 3,
    }
}

codes! {
    /// State of a machine in its manager.
    MachineState { UNKNOWN = 0, STOPPED = 1, RUNNING = 2, PAUSED = 3, MISSING = 4, }
}

/// One value by name.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct Attribute {
    pub key: RString,
    pub value: RString,
}

/// Why a call failed.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct Error {
    pub code: ErrorCode,
    pub message: RString,
    pub ext: RVec<Attribute>,
}

/// Names of the attributes in [`VirtualMachine::ext`] and [`Advice::ext`].
pub mod extension {
    /// Present where the machine has a channel to a guest agent; its value is empty.
    pub const GUEST_AGENT: &str = "guest-agent";
    /// A network card of the machine: its MAC, network mode, interface or bridge, and port on the
    /// host, with `-` for what is unknown, such as `52:54:00:4b:5e:57 bridged br0 tap0`. One for each
    /// card, in the order of its manager.
    pub const CARD: &str = "card";
    /// An SSH host key that the machine is known by, such as `ssh-ed25519 AAAA…`; the word
    /// `known_hosts` follows a key that was found under the machine's name only.
    pub const KNOWN_HOST_KEY: &str = "known-host-key";
    /// The MAC that a witness is about.
    pub const WITNESS_MAC: &str = "witness-mac";
    /// What the router reports about that MAC: `listed`, `not-listed`, `blocked` or `web-hijacked`.
    pub const WITNESS_SEEN: &str = "witness-seen";
    /// One word of the command of a step, in order: the index of the step, a blank and the word,
    /// such as `0 --yes`.
    pub const STEP_WORD: &str = "step-word";
    /// The same, where the word is the name of the VM at hand: the index of the step.
    pub const STEP_MACHINE_NAME: &str = "step-machine-name";
}

/// One machine of the batch that a signal reports on.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct VirtualMachine {
    pub name: RString,
    /// In the form `52:54:00:4b:5e:57`.
    pub macs: RVec<RString>,
    pub hostname: ROption<RString>,
    /// Whether `Resource::CONSOLE` can be opened for it.
    pub has_console: bool,
    /// Addresses found so far, as text; empty while discovering.
    pub candidates: RVec<RString>,
    pub ext: RVec<Attribute>,
}

/// One thing that a signal reports about one machine.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct Observation {
    /// Index of the machine in the batch.
    pub vm: u32,
    /// Code of its kind, such as `neighbour-reachable`.
    pub kind: RString,
    pub address: ROption<RString>,
    pub mac: ROption<RString>,
    /// Its age in milliseconds, where the source says so.
    pub age_ms: ROption<u64>,
    /// The observation in plain words.
    pub says: RString,
    pub ext: RVec<Attribute>,
}

/// One fact about the network or one finding, given to an advice plugin.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct Fact {
    /// Such as `gateway.address`, `http.get:/cgi/cgi_owl.js`, `finding`.
    pub key: RString,
    pub value: RString,
    pub ext: RVec<Attribute>,
}

/// What an advice plugin concludes.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct Advice {
    pub kind: AdviceKind,
    /// Such as `bt-smart-hub-2` or `use-smart-setup-mode-2`.
    pub id: RString,
    pub title: RString,
    /// 0 to 1000.
    pub confidence_permille: u16,
    pub because: RVec<RString>,
    pub steps: RVec<RString>,
    pub ext: RVec<Attribute>,
}

/// One machine that an inventory plugin lists. `ext` holds all that is known of it, as the names and
/// values of `vmkit_types::ListedMachine`, and wins over the other fields.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct Machine {
    /// Unique within its manager.
    pub id: RString,
    pub name: RString,
    pub state: MachineState,
    pub pid: ROption<u32>,
    pub macs: RVec<RString>,
    pub hostname: ROption<RString>,
    pub console_log: ROption<RString>,
    pub ext: RVec<Attribute>,
}
