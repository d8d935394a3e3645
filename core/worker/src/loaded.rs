//! What this process has loaded: a library, or a program that it has started.

use std::{os::fd::OwnedFd, path::PathBuf, sync::Arc};

use vmkit_wire::{Advise, FailureCode, FromWorker, List, Load, Observe, WIRE_VERSION, WireError};

use crate::{
    call::Call,
    channel::Channel,
    confine::{self, Confinement, Role},
    machine::send_all,
    plugin::Plugin,
    program::Program,
};

/// A call that the host makes.
pub(crate) enum Task {
    Observe(Observe),
    Advise(Advise),
    List(List),
}

/// A plugin that was loaded.
pub(crate) enum Loaded {
    Library(Plugin),
    Program(Box<Program>),
}

impl Loaded {
    /// Confines this process, then loads the plugin. `files`: the library; or the program's file and its
    /// interpreter.
    pub(crate) fn load(
        load: &Load,
        files: &[OwnedFd],
        channel: &Arc<Channel>,
    ) -> Result<(Self, Confinement), (FailureCode, String)> {
        if load.wire != WIRE_VERSION {
            let message =
                format!("this vm speaks protocol {}, vm-worker {WIRE_VERSION}", load.wire);
            return Err((FailureCode::Incompatible, message));
        }
        let unsealed = |error| (FailureCode::Confinement, error);
        let user = confine::give_up(load).map_err(unsealed)?;
        if let Some(program) = &load.program {
            let (program, confinement) = Program::start(load, program, &user, files, channel)?;
            return Ok((Self::Program(Box::new(program)), confinement));
        }
        let library = Role::Library(files.first());
        let confinement = confine::seal(&user, &load.needs, library).map_err(unsealed)?;
        if let Some(what) = confinement.unconfined.as_ref().filter(|_| !load.may_run_unconfined) {
            return Err((FailureCode::NotConfined, what.clone()));
        }
        let path = match (files.first(), &load.path) {
            (Some(library), _) => {
                use std::os::fd::AsRawFd as _;
                PathBuf::from(format!("/proc/self/fd/{}", library.as_raw_fd()))
            }
            (None, Some(path)) => PathBuf::from(path),
            (None, None) => {
                return Err((FailureCode::Other, "the host named no library".to_owned()));
            }
        };
        Ok((Self::Library(Plugin::load(&path, &load.configuration)?), confinement))
    }

    /// Whether it was built against an older version of the interface.
    pub(crate) fn is_older_than_host(&self) -> bool {
        matches!(self, Self::Library(plugin) if plugin.older_than_host)
    }

    /// The kinds that it offers; a program answers whatever it is asked.
    pub(crate) fn offers(&self) -> Option<Vec<String>> {
        match self {
            Self::Library(plugin) => Some(plugin.offers()),
            Self::Program(_) => None,
        }
    }

    /// Makes a call, and sends what the plugin returns.
    pub(crate) fn perform(
        &mut self,
        task: Task,
        channel: &Arc<Channel>,
    ) -> Result<(), (FailureCode, String)> {
        let plugin = match self {
            Self::Library(plugin) => plugin,
            Self::Program(program) => {
                return match task {
                    Task::Observe(call) => program.observe(&call),
                    Task::Advise(call) => program.advise(&call),
                    Task::List(call) => program.list(&call),
                };
            }
        };
        let sent = |sent: Result<(), WireError>| {
            sent.map_err(|error| (FailureCode::Other, error.to_string()))
        };
        match task {
            Task::Observe(observe) => {
                let call = Call::new(Arc::clone(channel), &observe);
                plugin.observe(&observe.vms, &call)
            }
            Task::Advise(question) => {
                let call = Call::of_advice(Arc::clone(channel), &question);
                let items = plugin.advise(&question.facts, &call)?;
                sent(channel.send(&FromWorker::Advice { items }))
            }
            Task::List(list) => {
                let call = Call::of_inventory(Arc::clone(channel), &list);
                let machines = plugin.list(&call)?;
                sent(send_all(&machines, &|message| channel.send(message)))
            }
        }
    }
}
