//! `vm resolve`.

use std::{net::IpAddr, path::PathBuf, slice, time::Instant};

use anyhow::Context as _;
use vmkit_model::{Machine, Problem, Severity};
use vmkit_report::Resolution;
use vmkit_scoring::Pick;
use vmkit_session::{Builder, Row, Selection};

use crate::{
    arguments,
    context::{Context, source},
    exit::Exit,
    output,
    status::exit_of_named,
};

/// What was found out about one machine.
pub(crate) struct Answer {
    /// What it means for the exit status.
    pub(crate) exit: Exit,
    /// The machine as it was read.
    pub(crate) machine: Machine,
    /// Its address, where there is one that can be used.
    address: Option<IpAddr>,
    /// The guest alone names it, and it is on no link of this computer.
    leads_elsewhere: bool,
}

impl Answer {
    /// The address to log in at. The guest does not choose a host elsewhere for that.
    ///
    /// # Errors
    /// There is none; the exit status. Why was printed.
    pub(crate) fn address_for_login(&self) -> Result<IpAddr, Exit> {
        let address = self.address.ok_or(self.exit)?;
        if self.leads_elsewhere {
            output::note(&format!(
                "only the guest says that it is at {address}, which is in no network of this \
                 computer: not connected\n"
            ));
            return Err(Exit::CannotTell);
        }
        Ok(address)
    }
}

/// Runs the command.
pub(crate) fn run(wanted: &arguments::Resolve, context: &Context) -> anyhow::Result<Exit> {
    let show = |resolution: &Resolution| {
        output::answer(|out| {
            if wanted.json { resolution.write_json(out) } else { resolution.write_address(out) }
        })
    };
    Ok(ask(&wanted.name, wanted.from.as_ref(), context, show)?.exit)
}

/// Looks for the address of one machine and hands it to `show`, then prints beside the answer why
/// it has none, or what is doubtful about it.
pub(crate) fn ask(
    name: &String,
    from: Option<&PathBuf>,
    context: &Context,
    show: impl FnOnce(&Resolution<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Answer> {
    let began = Instant::now();
    let selection = Selection::named(slice::from_ref(name));
    // The slow signals of the full mode are waited for only if the others are inconclusive.
    let mut session = Builder::new(context.settings.clone()).source(source(from)).start()?;
    let look = session.look(&selection)?;
    let Row { machine, pick } = look
        .rows(&selection)?
        .pop()
        .with_context(|| format!("cannot find the machine `{name}` again"))?;
    let lacking = lacking(machine, pick, &look.scene.problems);
    let exit = if lacking.is_empty() { exit_of_named(machine, pick) } else { Exit::Failed };
    let now = look.scene.now();
    let resolution = Resolution::new(machine, pick, &look.outcomes, now, began.elapsed());
    show(&resolution)?;
    output::problems(&lacking, context);
    let snapshot = from.map(|directory| directory.display().to_string());
    let remark = resolution.remark(snapshot.as_deref());
    // Without an answer the reason is an error, which is printed even with --quiet.
    if let Some(remark) = remark.filter(|_| exit != Exit::Healthy || !context.quiet) {
        output::note(&remark);
    }
    let leads_elsewhere = pick.leads_elsewhere();
    Ok(Answer { exit, machine: machine.clone(), address: pick.address, leads_elsewhere })
}

/// What could not be read of a machine whose address was not found: with it, it might have been.
fn lacking(machine: &Machine, pick: &Pick, problems: &[Problem]) -> Vec<Problem> {
    let of_machine = |problem: &&Problem| {
        problem.severity == Severity::Error && problem.path.starts_with(&machine.directory)
    };
    let counts = pick.address.is_none();
    problems.iter().filter(of_machine).filter(|_| counts).cloned().collect()
}
