//! Confines the process to what the plugin's manifest declares.

mod common;
#[cfg(target_os = "linux")]
mod landlock;
mod role;
#[cfg(any(target_os = "macos", test))]
mod sandbox;
#[cfg(target_os = "linux")]
mod seccomp;
#[cfg(target_os = "linux")]
mod start_once;

use vmkit_wire::{Load, Needs};

pub(crate) use role::Role;
#[cfg(target_os = "linux")]
pub(crate) use {
    common::die_with, landlock::is_library, role::Runtime, start_once::allow_one_start,
};

/// What confines this process.
pub(crate) struct Confinement {
    /// What is in force, in plain words.
    pub(crate) words: String,
    /// What is not confined, in plain words, if something is not.
    pub(crate) unconfined: Option<String>,
}

/// Gives up all rights that no process of a plugin needs. Returns which user this process is.
///
/// # Errors
/// One sentence that says what could not be given up. The caller must not load anything then.
#[cfg(target_os = "linux")]
pub(crate) fn give_up(load: &Load) -> Result<String, String> {
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
    Ok(user)
}

/// Gives up what can be given up on this platform. Returns which user this process is.
///
/// # Errors
/// One sentence that says what could not be given up. The caller must not load anything then.
#[cfg(not(target_os = "linux"))]
pub(crate) fn give_up(load: &Load) -> Result<String, String> {
    common::leave_session()?;
    common::identity(load)
}

/// Confines this process, which has given up its rights, to these needs for good.
///
/// # Errors
/// One sentence that says what could not be put in force. The caller must not load anything then.
#[cfg(target_os = "linux")]
pub(crate) fn seal(user: &str, needs: &Needs, role: Role<'_>) -> Result<Confinement, String> {
    let (files, unconfined) = landlock::restrict(needs, role)?;
    seccomp::restrict(needs, role)?;
    let words = format!("limits, {user}, {files}, listed system calls only");
    Ok(Confinement { words, unconfined: unconfined.map(str::to_owned) })
}

/// Confines this process as far as this platform can. A sandbox that is not to be had is said.
///
/// # Errors
/// None here.
#[cfg(target_os = "macos")]
pub(crate) fn seal(user: &str, needs: &Needs, _: Role<'_>) -> Result<Confinement, String> {
    let (words, unconfined) = sandbox::said(needs, sandbox::restrict(needs));
    Ok(Confinement { words: format!("limits, {user}, {words}"), unconfined: Some(unconfined) })
}

/// Confines this process as far as this platform can.
///
/// # Errors
/// None here.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(crate) fn seal(user: &str, _: &Needs, _: Role<'_>) -> Result<Confinement, String> {
    let unconfined = "this platform confines neither files nor network".to_owned();
    Ok(Confinement { words: format!("limits, {user}"), unconfined: Some(unconfined) })
}
