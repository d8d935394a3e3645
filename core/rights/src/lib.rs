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
mod inherited;
mod managers;
mod monitor;
mod names;
mod network;
mod peer;
mod plugins;
mod port;
mod qemu;
mod refusal;
mod request;
mod run;

pub use broker::Broker;
pub use frames::{FrameWriter, Frames};
pub use identity::{IdentityError, become_user};
pub use inherited::nothing_inherited;
pub use monitor::{DEVICE_QUERIES, MonitorCommand};
pub use network::Tap;
pub use peer::{Peer, peer};
pub use port::{PortReply, PortRequest, SharedNetwork};
pub use refusal::Refusal;
pub use request::{
    CountArpRequest, DiscoverRequest, HostsReply, PluginLockChange, PortFacts, ProcessFacts, Reply,
    Request, ResolverReply, SurveyPart, WhoHasRequest,
};
pub use run::{CommandResult, find_program, run_command, run_prepared};
pub use vmkit_wire::Account;
