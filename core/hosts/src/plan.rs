//! Decides the lines of the block, with a reason for each machine.

use std::{
    collections::{BTreeMap, HashSet},
    net::IpAddr,
    time::SystemTime,
};

use jiff::{Timestamp, tz::TimeZone};

use crate::{Entry, HostsFile, InvalidName, OwnLine, name::check_name};

/// The input of a plan.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// All machines that exist.
    pub machines: &'a [HostsMachine],
    /// Change the lines of these machines only. `None`: of all.
    pub only: Option<&'a [String]>,
    /// This computer's own names, which are never written.
    pub own_names: &'a [String],
    /// Take over lines outside of the block that name one machine only.
    pub adopt: bool,
    /// The current time, for the date of stale lines.
    pub now: SystemTime,
}

/// A machine and the address to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsMachine {
    /// The machine's name.
    pub name: String,
    /// The configured host name of its guest.
    pub hostname: Option<String>,
    /// Its certain address, which no other machine has, or why none is written.
    pub address: Result<IpAddr, Withheld>,
}

/// Why an address is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// It was looked for and is not certain, for this reason.
    Doubtful(String),
    /// It could not be looked for, for this reason, so an existing line is not stale.
    NotChecked(String),
}

/// The change to one machine's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Add a line.
    Add,
    /// Change the line's address or names.
    Change {
        /// The former address.
        from: IpAddr,
    },
    /// The line is correct.
    Keep,
    /// Keep the line, since the address could not be looked for, for this reason.
    NotChecked(String),
    /// Keep the line and mark it: the address is no longer confirmed, for this reason.
    Stale(String),
    /// Remove the line: the machine no longer exists.
    Remove,
    /// Write no line, for this reason.
    Omit(Refusal),
}

/// Why a machine has no line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The address is not certain.
    #[error("{0}")]
    Address(String),
    /// The name is invalid.
    #[error("invalid name: {0}")]
    Name(InvalidName),
    /// The name is this computer's own.
    #[error("this computer has the same name")]
    OwnName,
    /// A line outside of our block has the name.
    #[error("line {0} already has this name")]
    Taken(usize),
    /// A line outside of our block names this machine only and could be taken over.
    #[error("line {0}, outside of the block, names it; --adopt takes that line over")]
    Adoptable(usize),
    /// The guest of another machine has the same host name, so neither gets it.
    #[error("the VM {0} has this host name, too")]
    SharedHostName(String),
    /// Another machine has the name.
    #[error("the VM {0} already has this name")]
    OtherMachine(String),
}

/// The new file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The file's new contents.
    pub bytes: Vec<u8>,
    /// The decision for each machine by name, including former ones that have a line.
    pub decisions: BTreeMap<String, Decision>,
    /// Host names omitted from a written line: machine, name and reason.
    pub omitted_names: Vec<(String, String, Refusal)>,
    /// The numbers of the lines that are taken over.
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
            omitted_names: Vec::new(),
            adopted: Vec::new(),
        },
    };
    draft.remove_former();
    draft.remove_shared_names();
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
        // Only lines outside of the block were removed, so it still parses.
        HostsFile::read(&rest).map_or_else(|_| current.to_vec(), |file| file.with(&draft.lines))
    };
    plan
}

struct Draft<'a> {
    /// Entries outside of the block that have a machine's name.
    entries: Vec<Entry>,
    request: &'a Request<'a>,
    lines: Vec<OwnLine>,
    plan: Plan,
}

impl Draft<'_> {
    fn is_meant(&self, machine: &str) -> bool {
        self.request.only.is_none_or(|only| only.iter().any(|name| name == machine))
    }

    /// Removes duplicate lines and those of machines that no longer exist.
    fn remove_former(&mut self) {
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

    /// Removes host names that several machines have, from whichever line had them first.
    fn remove_shared_names(&mut self) {
        let mut lines = std::mem::take(&mut self.lines);
        for line in lines.iter_mut().filter(|line| self.is_meant(&line.machine)) {
            let own = line.machine.clone();
            line.names.retain(|name| *name == own || self.sharing(&own, name).is_none());
        }
        self.lines = lines;
    }

    /// Another machine with this host name, where this machine has it, too.
    fn sharing(&self, machine: &str, name: &str) -> Option<&str> {
        let has = |each: &&HostsMachine| {
            each.hostname.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
        };
        let all = || self.request.machines.iter().filter(has);
        all().find(|each| each.name == machine)?;
        all().find(|each| each.name != machine).map(|other| other.name.as_str())
    }

    fn decide(&mut self, machine: &HostsMachine) -> Decision {
        let place = self.lines.iter().position(|line| line.machine == machine.name);
        let address = match &machine.address {
            Ok(address) => *address,
            Err(Withheld::Doubtful(why) | Withheld::NotChecked(why)) if place.is_none() => {
                return Decision::Omit(Refusal::Address(why.clone()));
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
        if let Err(refusal) = self.claim_name(machine, &machine.name) {
            // The name now belongs to another line or machine.
            if let Some(place) = place {
                self.lines.remove(place);
            }
            return Decision::Omit(refusal);
        }
        let mut names = vec![machine.name.clone()];
        if let Some(hostname) =
            machine.hostname.as_ref().filter(|name| !name.eq_ignore_ascii_case(&machine.name))
        {
            let shared = self.sharing(&machine.name, hostname).map(str::to_owned);
            let claimed = match shared {
                Some(other) => Err(Refusal::SharedHostName(other)),
                None => self.claim_name(machine, hostname),
            };
            match claimed {
                Ok(()) => names.push(hostname.clone()),
                Err(why) => {
                    self.plan.omitted_names.push((machine.name.clone(), hostname.clone(), why));
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

    /// Checks that this machine may have this name, and adopts lines that have it.
    fn claim_name(&mut self, machine: &HostsMachine, name: &str) -> Result<(), Refusal> {
        check_name(name).map_err(Refusal::Name)?;
        let is = |other: &String| other.eq_ignore_ascii_case(name);
        if self.request.own_names.iter().any(is) {
            return Err(Refusal::OwnName);
        }
        let others = self.entries.iter().filter(|entry| entry.names.iter().any(is));
        for entry in others {
            if !names_only(entry, machine) {
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
        // The clock may be beyond the range of the calendar.
        let now = Timestamp::try_from(self.request.now).unwrap_or(Timestamp::UNIX_EPOCH);
        TimeZone::UTC.to_datetime(now).date().to_string()
    }
}

/// Whether a line names this machine only, as lines of tools without a block do.
fn names_only(entry: &Entry, machine: &HostsMachine) -> bool {
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
