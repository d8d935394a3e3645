//! The machines as the plan of the hosts file wants them.

use std::time::SystemTime;

use vmkit_hosts::{
    Current, HostsFile, Malformed, OwnLine, Plan, Request, Store, Wanted, Withheld, plan,
};
use vmkit_model::{Machine, Power};
use vmkit_scoring::{Lack, NotCertain, Pick, Verdict, Weights};

use crate::exit::Failure;

/// The machines with their picks, and what is asked for.
pub(super) struct Machines<'a> {
    pub(super) rows: Vec<(&'a Machine, Pick)>,
    /// The machines whose lines may be touched; `None`: all.
    pub(super) only: Option<Vec<String>>,
    pub(super) adopt: bool,
    pub(super) now: SystemTime,
    pub(super) weights: &'a Weights,
    /// What the search for addresses lacked.
    pub(super) lack: Option<Lack>,
}

/// A plan with what it was made of.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) machines: Vec<Wanted>,
    /// The bytes that it was made for.
    pub(super) before: Vec<u8>,
    /// The lines that the block has had.
    pub(super) lines: Vec<OwnLine>,
}

impl Planned {
    /// Whether a plan can be made for these bytes.
    pub(super) fn check(store: &Store, bytes: &[u8]) -> anyhow::Result<()> {
        HostsFile::read(bytes).map(|_| ()).map_err(|error| malformed(store, error))
    }
}

impl Machines<'_> {
    /// The plan for what the file holds.
    pub(super) fn plan(&self, store: &Store, current: &Current) -> anyhow::Result<Planned> {
        let file = HostsFile::read(&current.bytes).map_err(|error| malformed(store, error))?;
        let lines = file.block.as_ref().map_or(&[][..], |block| &block.lines);
        let machines: Vec<Wanted> =
            self.rows.iter().map(|(machine, pick)| self.wanted(machine, pick, lines)).collect();
        let request = Request {
            machines: &machines,
            only: self.only.as_deref(),
            own_names: &own_names(),
            adopt: self.adopt,
            now: self.now,
        };
        let plan = plan(&file, &current.bytes, &request);
        let lines = lines.to_vec();
        Ok(Planned { plan, machines, before: current.bytes.clone(), lines })
    }

    fn wanted(&self, machine: &Machine, pick: &Pick, lines: &[OwnLine]) -> Wanted {
        let mut pick = pick.clone();
        let line = lines.iter().find(|line| line.machine == machine.name);
        pick.settle(line.map(|line| line.address), self.weights);
        // Where nothing could look, nothing is known of the machines that do not run either.
        let blind = self.lack == Some(Lack::All) || pick.unchecked.is_some();
        let withheld = |why| {
            if blind {
                Withheld::NotChecked(NotCertain::Verdict(Verdict::NotChecked).to_string())
            } else {
                Withheld::Doubtful(reason(machine.power, why))
            }
        };
        Wanted {
            name: machine.name.clone(),
            hostname: machine.hostname.as_ref().known().cloned(),
            address: pick.certain_address(self.weights).map_err(withheld),
        }
    }
}

fn reason(power: Power, why: NotCertain) -> String {
    match (why, power) {
        (NotCertain::Verdict(Verdict::NotRunning), Power::Stopped) => "it is stopped".to_owned(),
        (NotCertain::Verdict(Verdict::NotRunning), Power::Missing) => {
            "it is registered, and its directory is gone".to_owned()
        }
        (NotCertain::Verdict(Verdict::NotRunning), Power::Unknown) => {
            "it cannot be told whether it runs".to_owned()
        }
        (why, _) => why.to_string(),
    }
}

/// The names of this computer: the whole one and its first part.
fn own_names() -> Vec<String> {
    let system = rustix::system::uname();
    let whole = system.nodename().to_string_lossy().into_owned();
    let first = whole.split('.').next().unwrap_or_default().to_owned();
    vec![whole, first]
}

fn malformed(store: &Store, error: Malformed) -> anyhow::Error {
    let failure = Failure::new(format!("{}: {error}", store.path().display()));
    let backup = store.backup();
    let hint = "put the marks in order, or take all lines between them out";
    let hint = if backup.exists() {
        format!("{hint}; the file before the last change is {}", backup.display())
    } else {
        hint.to_owned()
    };
    failure.with_hint(hint).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_does_not_run_is_told_by_its_state() {
        let off = NotCertain::Verdict(Verdict::NotRunning);
        let rows = [
            (Power::Stopped, off, "it is stopped"),
            (Power::Missing, off, "it is registered, and its directory is gone"),
            (Power::Unknown, off, "it cannot be told whether it runs"),
            (Power::Running, off, "it does not run"),
            (Power::Running, NotCertain::Verdict(Verdict::NoAddress), "it has no usable address"),
        ];
        for (power, why, expected) in rows {
            assert_eq!(reason(power, why), expected);
        }
    }
}
