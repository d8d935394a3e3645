//! The machines as input for the plan of the hosts file.

use std::time::SystemTime;

use vmkit_hosts::{
    Current, HostsFile, HostsMachine, Malformed, OwnLine, Plan, Request, Store, Withheld,
    own_names, plan,
};
use vmkit_model::Machine;
use vmkit_scoring::{Lack, NotCertain, Pick, Verdict, Weights};
use vmkit_session::Row;

use crate::exit::Failure;

/// The machines with their picks and the options of the run.
pub(super) struct Machines<'a> {
    pub(super) rows: Vec<Row<'a>>,
    /// The machines whose lines may be changed. `None`: all.
    pub(super) only: Option<Vec<String>>,
    pub(super) adopt: bool,
    pub(super) now: SystemTime,
    pub(super) weights: &'a Weights,
    /// What was missing in the search for addresses.
    pub(super) lack: Option<Lack>,
}

/// A plan with its input.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) machines: Vec<HostsMachine>,
    /// The bytes it was made for.
    pub(super) before: Vec<u8>,
    /// The former lines of the block.
    pub(super) lines: Vec<OwnLine>,
}

impl Planned {
    /// Checks that a plan can be made for these bytes.
    pub(super) fn check(store: &Store, bytes: &[u8]) -> anyhow::Result<()> {
        HostsFile::read(bytes).map(|_| ()).map_err(|error| malformed(store, error))
    }
}

impl Machines<'_> {
    /// The plan for the current contents.
    pub(super) fn plan(&self, store: &Store, current: &Current) -> anyhow::Result<Planned> {
        let file = HostsFile::read(&current.bytes).map_err(|error| malformed(store, error))?;
        let lines = file.block.as_ref().map_or(&[][..], |block| &block.lines);
        let machines: Vec<HostsMachine> =
            self.rows.iter().map(|row| self.hosts_machine(row.machine, row.pick, lines)).collect();
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

    fn hosts_machine(&self, machine: &Machine, pick: &Pick, lines: &[OwnLine]) -> HostsMachine {
        let mut pick = pick.clone();
        let line = lines.iter().find(|line| line.machine == machine.name);
        pick.settle(line.map(|line| line.address), self.weights);
        // If nobody could look, nothing is known of stopped machines either.
        let blind = self.lack == Some(Lack::All) || pick.unchecked.is_some();
        let withheld = |why: NotCertain| {
            if blind {
                Withheld::NotChecked(NotCertain::Verdict(Verdict::NotChecked).to_string())
            } else {
                Withheld::Doubtful(why.in_words(machine.power))
            }
        };
        HostsMachine {
            name: machine.name.clone(),
            hostname: machine.hostname.as_ref().known().cloned(),
            address: pick.certain_address(self.weights).map_err(withheld),
        }
    }
}

fn malformed(store: &Store, error: Malformed) -> anyhow::Error {
    let failure = Failure::new(format!("{}: {error}", store.path().display()));
    let backup = store.backup();
    let hint = "repair or delete the `# BEGIN/END vmkit` block";
    let hint = if backup.exists() {
        format!("{hint}; the file before the last change is {}", backup.display())
    } else {
        hint.to_owned()
    };
    failure.with_hint(hint).into()
}
