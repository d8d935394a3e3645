//! What a run may do: its process gives up root's rights for good, and asks `vm-broker` for the few
//! things that need them.
//!
//! [`Broker`] starts `vm-broker` and asks it, [`become_user`] gives the rights up. [`Request`] lists all
//! that can be asked; the broker checks every argument by itself and trusts nothing that this process
//! says.

#![cfg_attr(
    target_os = "macos",
    expect(
        unsafe_code,
        reason = "macOS has no safe interface to the groups of a process and the peer of a socket"
    )
)]
#![cfg_attr(not(target_os = "macos"), forbid(unsafe_code))]

mod broker;
mod frames;
mod identity;
mod monitor;
mod names;
mod peer;
mod plugins;
mod qemu;
mod refusal;
mod request;
mod run;

pub use broker::Broker;
pub use frames::{FrameWriter, Frames};
pub use identity::{IdentityError, become_user};
pub use monitor::MonitorCommand;
pub use peer::{Peer, peer};
pub use refusal::Refusal;
pub use request::{
    DiscoverRequest, HostsReply, PluginLockChange, ProcessFacts, Reply, Request, ResolverReply,
    SurveyPart, WhoHasRequest,
};
pub use run::{CommandResult, find_program, run_command};
pub use vmkit_wire::Account;
