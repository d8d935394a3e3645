//! `vm hosts-sync`.

mod machines;
mod next;
mod view;

use std::time::{Instant, SystemTime};

use vmkit_hosts::{CacheFlush, Store, StoreError, WriteMethod, digest, flush_caches, unified};
use vmkit_report::{HostsDecision, HostsOutcome, HostsSync};
use vmkit_rights::{Broker, HostsReply, Refusal};
use vmkit_scoring::{Lack, Unchecked};
use vmkit_session::{Builder, Look, Scene, Selection, worst};

use self::machines::{Machines, Planned};
use crate::{
    arguments::HostsSync as Arguments,
    context::{Context, source},
    exit::{Exit, Failure},
    output,
};

/// How often a plan is made anew because another program wrote the file meanwhile.
const MOST_PLANS: usize = 20;

/// Runs the command.
pub(crate) fn run(wanted: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let with_hint = |error| with_hint(error, wanted, context);
    let store = Store::at(&wanted.file).map_err(with_hint)?;
    // Fail before the slow scan.
    let current = store.read().map_err(with_hint)?;
    Planned::check(&store, &current.bytes)?;
    if (wanted.apply || wanted.undo) && !store.is_writable() && !by_broker(&store, context) {
        let path = store.path().display();
        let failure = Failure::new(format!("no permission to write {path}"));
        return Err(failure.with_hint(next::with_rights(wanted, context)).into());
    }
    if wanted.undo {
        return undo(wanted, &store, began, context);
    }
    if wanted.apply && wanted.from.is_some() && store.is_system_file() {
        let what = "addresses from a snapshot are not written to this computer's hosts file";
        return Err(Failure::new(what).with_hint("choose another file with --file").into());
    }
    let source = source(wanted.from.as_ref());
    let mut session = Builder::new(context.settings.clone()).source(source).start()?;
    let selection = Selection::named(&wanted.names);
    let look = session.look(&selection)?;
    let Look { scene, outcomes, .. } = &look;
    let rows = look.rows(&Selection::all())?;
    let lack = worst(rows.iter().map(|row| row.pick)).map(|worst| worst.lack);
    let meant = look.rows(&selection)?.into_iter().map(|row| row.pick);
    let unchecked = worst(meant).cloned();
    let machines = Machines {
        only: only(wanted, scene, lack),
        rows,
        lack,
        adopt: wanted.adopt,
        now: scene.now(),
        weights: session.weights(),
    };
    let mut sync = if wanted.apply {
        apply(&store, &machines, context).map_err(|error| match error {
            NotApplied::Store(error) => with_hint(error),
            NotApplied::Other(error) => error,
        })?
    } else {
        let current = store.read().map_err(with_hint)?;
        view::sync(&store, machines.plan(&store, &current)?, HostsOutcome::Preview)
    };
    sync.plugins.clone_from(outcomes);
    sync.next = next::after(&sync, wanted, &store, context);
    sync.generated_at = scene.now();
    let exit = exit(&sync, wanted, scene, unchecked.as_ref());
    sync.unchecked = unchecked;
    show(sync, wanted, began, context)?;
    output::problems(&scene.problems, context);
    Ok(exit)
}

/// The machines whose lines may be changed. `None`: all, including those that no longer exist.
fn only(wanted: &Arguments, scene: &Scene, lack: Option<Lack>) -> Option<Vec<String>> {
    let unread = scene.is_broken() || lack == Some(Lack::All);
    if !wanted.names.is_empty() {
        Some(wanted.names.clone())
    } else if unread {
        // Some machines could not be read, so lines of unknown ones stay.
        Some(scene.machines.iter().map(|machine| machine.name.clone()).collect())
    } else {
        None
    }
}

enum NotApplied {
    Store(StoreError),
    Other(anyhow::Error),
}

impl From<StoreError> for NotApplied {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Whether the broker writes the file: this process has no right to, and root had one.
fn by_broker(store: &Store, context: &Context) -> bool {
    !store.is_writable() && store.is_system_file() && context.settings.invoker.privileged
}

/// Plans and writes.
fn apply(
    store: &Store,
    machines: &Machines<'_>,
    context: &Context,
) -> Result<HostsSync, NotApplied> {
    if by_broker(store, context) {
        return apply_by_broker(store, machines, &context.settings.broker);
    }
    // Nobody else writes between the plan and its file.
    let writer = store.lock()?;
    let current = store.read()?;
    let planned = machines.plan(store, &current).map_err(NotApplied::Other)?;
    if planned.plan.changes_nothing(&current.bytes) {
        return Ok(view::sync(store, planned, HostsOutcome::Unchanged));
    }
    let way = writer.write(&current, &planned.plan.bytes)?;
    drop(writer);
    let outcome = match way {
        WriteMethod::Replaced => HostsOutcome::Replaced,
        WriteMethod::InPlace => HostsOutcome::WrittenInPlace,
    };
    let mut sync = view::sync(store, planned, outcome);
    sync.backup = Some(store.backup().display().to_string());
    sync.caches = caches(store);
    Ok(sync)
}

/// Plans again until nobody has changed the file since.
fn apply_by_broker(
    store: &Store,
    machines: &Machines<'_>,
    broker: &Broker,
) -> Result<HostsSync, NotApplied> {
    for _ in 0..MOST_PLANS {
        let current = store.read()?;
        let planned = machines.plan(store, &current).map_err(NotApplied::Other)?;
        if planned.plan.changes_nothing(&current.bytes) {
            return Ok(view::sync(store, planned, HostsOutcome::Unchanged));
        }
        let reply = broker.replace_hosts(digest(&current.bytes), &planned.plan.bytes);
        if let HostsReply::Written { in_place, caches } = reply.map_err(refused)? {
            let outcome =
                if in_place { HostsOutcome::WrittenInPlace } else { HostsOutcome::Replaced };
            let mut sync = view::sync(store, planned, outcome);
            sync.backup = Some(store.backup().display().to_string());
            sync.caches = caches;
            return Ok(sync);
        }
    }
    Err(StoreError::Changed(store.path().to_owned()).into())
}

fn refused(refusal: Refusal) -> NotApplied {
    NotApplied::Other(Failure::new(refusal.message).into())
}

fn caches(store: &Store) -> Vec<(String, Result<(), String>)> {
    let flushed = flush_caches(store).into_iter();
    flushed.map(|CacheFlush { command, outcome }| (command, outcome)).collect()
}

fn undo(
    wanted: &Arguments,
    store: &Store,
    began: Instant,
    context: &Context,
) -> anyhow::Result<Exit> {
    let with_hint = |error| with_hint(error, wanted, context);
    let by_broker = by_broker(store, context);
    let writer = if by_broker { None } else { Some(store.lock().map_err(with_hint)?) };
    let before = store.read().map_err(with_hint)?;
    let caches = if let Some(writer) = writer {
        writer.undo(&before).map_err(with_hint)?;
        caches(store)
    } else {
        match context.settings.broker.undo_hosts(digest(&before.bytes)) {
            Ok(HostsReply::Written { caches, .. }) => caches,
            Ok(HostsReply::Changed) => {
                return Err(with_hint(StoreError::Changed(store.path().to_owned())));
            }
            Err(refusal) => return Err(Failure::new(refusal.message).into()),
        }
    };
    let after = store.read().map_err(with_hint)?;
    let sync = HostsSync {
        diff: unified(&before.bytes, &after.bytes),
        caches,
        generated_at: SystemTime::now(),
        ..view::untouched(store, HostsOutcome::Undone)
    };
    show(sync, wanted, began, context)?;
    Ok(Exit::Healthy)
}

fn show(
    mut sync: HostsSync,
    wanted: &Arguments,
    began: Instant,
    context: &Context,
) -> anyhow::Result<()> {
    sync.elapsed = began.elapsed();
    let terminal = output::terminal(context);
    output::answer(
        |out| {
            if wanted.json { sync.write_json(out) } else { sync.write_text(out, terminal) }
        },
    )
}

fn exit(
    sync: &HostsSync,
    wanted: &Arguments,
    scene: &Scene,
    unchecked: Option<&Unchecked>,
) -> Exit {
    let unconfirmed = |decision| matches!(decision, HostsDecision::Stale | HostsDecision::LeaveOut);
    match (scene.is_broken(), unchecked, wanted.names.is_empty()) {
        (true, ..) => Exit::Failed,
        (false, Some(unchecked), _) => unchecked.lack.into(),
        (false, None, false) if sync.vms.iter().any(|vm| unconfirmed(vm.decision)) => {
            Exit::Findings
        }
        (false, None, _) => Exit::Healthy,
    }
}

/// The error with a hint what to do about it.
fn with_hint(error: StoreError, wanted: &Arguments, context: &Context) -> anyhow::Error {
    let hint = if error.lacks_rights() {
        Some(next::with_rights(wanted, context))
    } else {
        error.hint().map(str::to_owned)
    };
    match hint {
        Some(hint) => {
            let cause = std::error::Error::source(&error);
            let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
            Failure::new(format!("{error}{cause}")).with_hint(hint).into()
        }
        None => error.into(),
    }
}
