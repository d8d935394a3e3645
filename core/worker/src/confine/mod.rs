//! Confines the process to what the plugin's manifest declares.

mod common;
#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod seccomp;

use std::os::fd::OwnedFd;

use vmkit_wire::Load;

/// What confines this process.
pub(crate) struct Confinement {
    /// What is in force, in plain words.
    pub(crate) words: String,
    /// What is not confined, in plain words, if something is not.
    pub(crate) unconfined: Option<String>,
}

/// Confines this process for good.
///
/// # Errors
/// One sentence that says what could not be put in force. The caller must not load anything then.
#[cfg(target_os = "linux")]
pub(crate) fn enter(load: &Load, library: Option<&OwnedFd>) -> Result<Confinement, String> {
    common::die_with(load.host_pid)?;
    common::leave_session()?;
    common::die_first();
    let user = common::identity(load)?;
    common::give_up_capabilities()?;
    common::hide_memory()?;
    // A change of user clears the signal for the host's death, so set it afterwards.
    common::die_with(load.host_pid)?;
    rustix::thread::set_no_new_privs(true)
        .map_err(|error| format!("cannot give up new privileges: {error}"))?;
    let (files, unconfined) = landlock::restrict(&load.needs, library)?;
    seccomp::restrict(&load.needs)?;
    let words = format!("limits, {user}, {files}, listed system calls only");
    Ok(Confinement { words, unconfined: unconfined.map(str::to_owned) })
}

/// Confines this process as far as this platform can.
///
/// # Errors
/// One sentence that says what could not be put in force. The caller must not load anything then.
#[cfg(not(target_os = "linux"))]
pub(crate) fn enter(load: &Load, _: Option<&OwnedFd>) -> Result<Confinement, String> {
    common::leave_session()?;
    let user = common::identity(load)?;
    let unconfined = "this platform confines neither files nor network".to_owned();
    Ok(Confinement { words: format!("limits, {user}"), unconfined: Some(unconfined) })
}
