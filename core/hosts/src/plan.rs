//! What the block shall hold, and why, machine by machine.

use std::{
    collections::{BTreeMap, HashSet},
    net::IpAddr,
    time::SystemTime,
};

use jiff::{Timestamp, tz::TimeZone};

use crate::{Entry, HostsFile, InvalidName, OwnLine, check_name};

/// What is wanted of the file.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// All machines that exist.
    pub machines: &'a [Wanted],
    /// Only these machines' lines are touched; `None`: all.
    pub only: Option<&'a [String]>,
    /// Names of this computer: never written.
    pub own_names: &'a [String],
    /// Take lines of others over that name nothing but one machine.
    pub adopt: bool,
    /// The present, for the date of what is stale.
    pub now: SystemTime,
}

/// One machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// The host name its guest is meant to have.
    pub hostname: Option<String>,
    /// Its address, where that is beyond doubt and it alone holds it; else why it is not written.
    pub address: Result<IpAddr, Withheld>,
}

/// Why an address is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// It was looked for, and is not beyond doubt for this reason.
    Doubtful(String),
    /// It could not be looked for, for this reason: nothing is known against a line that is there.
    NotChecked(String),
}

/// What happens to one machine's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A line is added.
    Add,
    /// The line gets another address or other names.
    Change {
        /// The address before.
        from: IpAddr,
    },
    /// The line is right.
    Keep,
    /// The line stays as it is: its address could not be looked for, for this reason.
    NotChecked(String),
    /// The line stays and is marked: the address is not confirmed any more, for this reason.
    Stale(String),
    /// The line goes: the machine does not exist any more.
    Remove,
    /// There is no line, and none is written, for this reason.
    LeaveOut(Refusal),
}

/// Why a machine has no line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its address is not sure.
    #[error("{0}")]
    Address(String),
    /// Its name cannot be written.
    #[error("its name is not written: {0}")]
    Name(InvalidName),
    /// Its name is this computer's own.
    #[error("its name is this computer's own")]
    OwnName,
    /// Somebody else's line has the name.
    #[error("line {0} has its name already")]
    Taken(usize),
    /// A line outside of our block names nothing but this machine, and could be taken over.
    #[error("line {0}, outside of the block, is about it; --adopt takes that line over")]
    Adoptable(usize),
    /// Another machine has the name.
    #[error("the machine {0} has its name already")]
    OtherMachine(String),
}

/// The new file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// All of its bytes. The same as before where nothing changes.
    pub bytes: Vec<u8>,
    /// What happens to each machine, by name; also to those that have a line and do not exist.
    pub decisions: BTreeMap<String, Decision>,
    /// Host names that were left out of a line that is written, by machine, with the reason.
    pub left_out: Vec<(String, String, Refusal)>,
    /// Lines of others that are taken over, by number.
    pub adopted: Vec<usize>,
}

impl Plan {
    /// Whether the file stays as it is.
    pub fn changes_nothing(&self, current: &[u8]) -> bool {
        self.bytes == current
    }
}

/// Plans the file. Applying a plan and planning again changes nothing.
pub fn plan(file: &HostsFile<'_>, current: &[u8], request: &Request<'_>) -> Plan {
    let meant = request.machines.iter().flat_map(|it| [Some(&it.name), it.hostname.as_ref()]);
    let meant: HashSet<String> = meant.flatten().map(|name| name.to_ascii_lowercase()).collect();
    let mut draft = Draft {
        entries: file.entries_with(&meant),
        request,
        lines: file.block.as_ref().map(|block| block.lines.clone()).unwrap_or_default(),
        plan: Plan {
            bytes: Vec::new(),
            decisions: BTreeMap::new(),
            left_out: Vec::new(),
            adopted: Vec::new(),
        },
    };
    draft.forget_the_dead();
    for machine in request.machines {
        if !draft.is_meant(&machine.name) {
            continue;
        }
        let decision = draft.decide(machine);
        draft.plan.decisions.insert(machine.name.clone(), decision);
    }
    draft.lines.sort_by(|one, other| one.machine.cmp(&other.machine));
    let mut plan = draft.plan;
    let unchanged = file.block.as_ref().map(|block| &block.lines[..]).unwrap_or_default();
    plan.bytes = if plan.adopted.is_empty() {
        if draft.lines == unchanged { current.to_vec() } else { file.with(&draft.lines) }
    } else {
        let rest = without(current, &plan.adopted);
        // Only entries of others were taken out, so the marks of the block still fit.
        HostsFile::read(&rest).map_or_else(|_| current.to_vec(), |file| file.with(&draft.lines))
    };
    plan
}

struct Draft<'a> {
    /// Entries of others that have a name of a machine.
    entries: Vec<Entry>,
    request: &'a Request<'a>,
    lines: Vec<OwnLine>,
    plan: Plan,
}

impl Draft<'_> {
    fn is_meant(&self, machine: &str) -> bool {
        self.request.only.is_none_or(|only| only.iter().any(|name| name == machine))
    }

    /// Takes out the lines of machines that do not exist, and lines that stand twice.
    fn forget_the_dead(&mut self) {
        let mut seen: Vec<String> = Vec::new();
        let mut kept = Vec::new();
        for line in std::mem::take(&mut self.lines) {
            let exists = self.request.machines.iter().any(|each| each.name == line.machine);
            let repeated = seen.contains(&line.machine);
            if !self.is_meant(&line.machine) || (exists && !repeated) {
                seen.push(line.machine.clone());
                kept.push(line);
            } else if !exists {
                self.plan.decisions.insert(line.machine, Decision::Remove);
            }
        }
        self.lines = kept;
    }

    fn decide(&mut self, machine: &Wanted) -> Decision {
        let place = self.lines.iter().position(|line| line.machine == machine.name);
        let address = match &machine.address {
            Ok(address) => *address,
            Err(Withheld::Doubtful(why) | Withheld::NotChecked(why)) if place.is_none() => {
                return Decision::LeaveOut(Refusal::Address(why.clone()));
            }
            Err(Withheld::NotChecked(why)) => return Decision::NotChecked(why.clone()),
            Err(Withheld::Doubtful(why)) => {
                let today = self.today();
                if let Some(line) = place.and_then(|place| self.lines.get_mut(place)) {
                    line.stale_since.get_or_insert(today);
                }
                return Decision::Stale(why.clone());
            }
        };
        if let Err(refusal) = self.may_have(machine, &machine.name) {
            // A name that is somebody else's by now must not stay in our block.
            if let Some(place) = place {
                self.lines.remove(place);
            }
            return Decision::LeaveOut(refusal);
        }
        let mut names = vec![machine.name.clone()];
        if let Some(hostname) =
            machine.hostname.as_ref().filter(|name| !name.eq_ignore_ascii_case(&machine.name))
        {
            match self.may_have(machine, hostname) {
                Ok(()) => names.push(hostname.clone()),
                Err(why) => {
                    self.plan.left_out.push((machine.name.clone(), hostname.clone(), why));
                }
            }
        }
        let line = OwnLine { machine: machine.name.clone(), address, names, stale_since: None };
        match place {
            Some(place) if self.lines[place] == line => Decision::Keep,
            Some(place) => {
                let from = self.lines[place].address;
                self.lines[place] = line;
                Decision::Change { from }
            }
            None => {
                self.lines.push(line);
                Decision::Add
            }
        }
    }

    /// Whether this machine may have this name.
    fn may_have(&mut self, machine: &Wanted, name: &str) -> Result<(), Refusal> {
        check_name(name).map_err(Refusal::Name)?;
        let is = |other: &String| other.eq_ignore_ascii_case(name);
        if self.request.own_names.iter().any(is) {
            return Err(Refusal::OwnName);
        }
        let others = self.entries.iter().filter(|entry| entry.names.iter().any(is));
        for entry in others {
            if !is_about(entry, machine) {
                return Err(Refusal::Taken(entry.line));
            }
            if !self.request.adopt {
                return Err(Refusal::Adoptable(entry.line));
            }
            if !self.plan.adopted.contains(&entry.line) {
                self.plan.adopted.push(entry.line);
            }
        }
        let of_another =
            |line: &&OwnLine| line.machine != machine.name && line.names.iter().any(is);
        let by_name = self.request.machines.iter().find(|m| m.name != machine.name && is(&m.name));
        if let Some(other) = by_name {
            return Err(Refusal::OtherMachine(other.name.clone()));
        }
        match self.lines.iter().find(of_another) {
            Some(line) => Err(Refusal::OtherMachine(line.machine.clone())),
            None => Ok(()),
        }
    }

    fn today(&self) -> String {
        // A clock that no calendar reaches has no day.
        let now = Timestamp::try_from(self.request.now).unwrap_or(Timestamp::UNIX_EPOCH);
        TimeZone::UTC.to_datetime(now).date().to_string()
    }
}

/// Whether a line of somebody names nothing but this machine, as tools without a block of their own
/// write it.
fn is_about(entry: &Entry, machine: &Wanted) -> bool {
    let host = machine.hostname.as_deref().unwrap_or(&machine.name);
    let own = |name: &String| {
        let base = name.strip_suffix(".local").unwrap_or(name);
        base.eq_ignore_ascii_case(&machine.name) || base.eq_ignore_ascii_case(host)
    };
    !entry.address.is_loopback() && entry.names.iter().all(own)
}

/// The bytes without these lines.
fn without(bytes: &[u8], lines: &[usize]) -> Vec<u8> {
    let numbered = (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n'));
    let rest = numbered.filter(|(number, _)| !lines.contains(number)).map(|(_, line)| line);
    rest.fold(Vec::with_capacity(bytes.len()), |mut all, line| {
        all.extend_from_slice(line);
        all
    })
}
