//! `vm resolve`.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    slice,
    time::Instant,
};

use anyhow::Context as _;
use vmkit_model::{Machine, Problem, Severity};
use vmkit_report::Resolution;
use vmkit_scoring::Pick;
use vmkit_session::{Builder, Row, Selection};
use vmkit_types::escaped;

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
    /// Where it is reached in place of its address.
    endpoint: Option<SocketAddr>,
    /// The guest alone names it, and it is on no link of this computer.
    leads_elsewhere: bool,
}

impl Answer {
    /// Where to connect to this port of the machine. The guest does not choose a host elsewhere for that.
    ///
    /// # Errors
    /// It cannot be reached; the exit status. Why was printed.
    pub(crate) fn way_to(&self, port: u16) -> Result<SocketAddr, Exit> {
        if let Some(endpoint) = self.endpoint {
            return self.machine.way_to(port, endpoint).ok_or_else(|| {
                let name = escaped(&self.machine.name);
                output::note(&format!("no port of this computer leads to port {port} of {name}\n"));
                Exit::Findings
            });
        }
        let address = self.address.ok_or(self.exit)?;
        if self.leads_elsewhere {
            output::note(&format!(
                "only the guest says that it is at {address}, which is in no network of this \
                 computer: not connected\n"
            ));
            return Err(Exit::CannotTell);
        }
        Ok(SocketAddr::new(address, port))
    }
}

/// Runs the command.
pub(crate) fn run(wanted: &arguments::Resolve, context: &Context) -> anyhow::Result<Exit> {
    let show = |resolution: &Resolution| {
        output::answer(|out| match (wanted.json, wanted.endpoint) {
            (true, _) => resolution.write_json(out),
            (false, true) => resolution.write_endpoint(out),
            (false, false) => resolution.write_address(out),
        })
    };
    let answer = ask(&wanted.name, wanted.from.as_ref(), context, show)?;
    // A script that asks for an address must not go on without one.
    let lacks_address = !wanted.json && !wanted.endpoint && answer.address.is_none();
    Ok(if lacks_address { answer.exit.max(Exit::Findings) } else { answer.exit })
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
    let place = context.settings.command_place(from.map(PathBuf::as_path));
    let remark = resolution.remark(&place);
    // Without an answer the reason is an error, which is printed even with --quiet.
    if let Some(remark) = remark.filter(|_| exit != Exit::Healthy || !context.quiet) {
        output::note(&remark);
    }
    let leads_elsewhere = pick.leads_elsewhere();
    let endpoint = pick.endpoint(machine).map(|endpoint| endpoint.address);
    let address = pick.address.filter(|_| !machine.foreign);
    Ok(Answer { exit, machine: machine.clone(), address, endpoint, leads_elsewhere })
}

/// What could not be read of a machine whose address was not found: with it, it might have been.
fn lacking(machine: &Machine, pick: &Pick, problems: &[Problem]) -> Vec<Problem> {
    let of_machine = |problem: &&Problem| {
        let directory = machine.directory.as_ref();
        problem.severity == Severity::Error
            && directory.is_some_and(|directory| problem.path.starts_with(directory))
    };
    let counts = pick.address.is_none();
    problems.iter().filter(of_machine).filter(|_| counts).cloned().collect()
}
