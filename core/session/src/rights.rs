//! Who asks, and what this run may do.

use std::{path::Path, sync::OnceLock};

use vmkit_host::{BrokerCommand, Installation, broker_command};
use vmkit_platform::{Invoker, Platform as _};
use vmkit_rights::{Account, Broker, Refusal, become_user};

use crate::Error;

/// The user who runs this, the program's own tree, and the link to `vm-broker`.
#[derive(Clone, Debug)]
pub struct Rights {
    /// The user who runs this.
    pub invoker: Invoker,
    /// The worker, the broker and the plugins that belong to this program.
    pub installation: Installation,
    /// Does what needs root's rights.
    pub broker: Broker,
}

impl Rights {
    /// The rights of a program that is `vm` itself. Reads no file.
    ///
    /// # Errors
    /// The program's own tree cannot be found.
    pub fn of_this_program() -> Result<Self, Error> {
        Self::of(&std::env::current_exe().map_err(Error::Installation)?)
    }

    /// The rights of another program, with the tree of this `vm`.
    pub(crate) fn of(program: &Path) -> Result<Self, Error> {
        let invoker = vmkit_platform::current().invoker();
        let account = Account { uid: invoker.uid, gid: invoker.gid };
        let installation =
            Installation::of(program, account, invoker.privileged).map_err(Error::Installation)?;
        let broker = broker(&installation, account);
        Ok(Self { invoker, installation, broker })
    }

    /// Gives up root's rights for good: starts `vm-broker`, which keeps them, and makes this process
    /// the user who called sudo. Does nothing for a process that is not root. The process must have
    /// one thread.
    ///
    /// # Errors
    /// The system refuses; the process must end then.
    pub fn give_up(mut self) -> Result<Self, Error> {
        if self.invoker.privileged {
            self.broker.start();
            become_user(Account { uid: self.invoker.uid, gid: self.invoker.gid })?;
            // Workers are the user's by nature now. Those of a root login become another user.
            if self.invoker.uid != 0 {
                self.installation.account = None;
            }
        }
        Ok(self)
    }
}

/// The link to the vetted `vm-broker` of this installation.
fn broker(installation: &Installation, account: Account) -> Broker {
    let installation = installation.clone();
    // Open until the broker has started.
    let vetted: OnceLock<Result<BrokerCommand, Refusal>> = OnceLock::new();
    Broker::new(account, move || {
        let vetted = vetted.get_or_init(|| {
            broker_command(&installation).map_err(|refusal| {
                Refusal::denied(format!("vm-broker cannot be started: {}", refusal.in_full()))
            })
        });
        vetted.as_ref().map(BrokerCommand::command).map_err(Clone::clone)
    })
}
