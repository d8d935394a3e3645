//! Confines the process to what the plugin's manifest declares.

mod common;
#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod seccomp;

use std::os::fd::OwnedFd;

use vmkit_wire::Load;

/// Confines this process for good. Returns in plain words what is in force.
///
/// # Errors
/// One sentence that says what could not be put in force. The caller must not load anything then.
#[cfg(target_os = "linux")]
pub(crate) fn enter(load: &Load, library: Option<&OwnedFd>) -> Result<String, String> {
    common::die_with(load.host_pid)?;
    common::leave_session()?;
    let user = common::identity(load)?;
    common::give_up_capabilities()?;
    // A change of user clears the signal for the host's death, so set it afterwards.
    common::die_with(load.host_pid)?;
    rustix::thread::set_no_new_privs(true)
        .map_err(|error| format!("cannot give up new privileges: {error}"))?;
    let files = landlock::restrict(&load.needs, library)?;
    seccomp::restrict(&load.needs)?;
    Ok(format!("limits, {user}, {files}, listed system calls only"))
}

/// Confines this process as far as this platform can. Returns in plain words what is in force.
///
/// # Errors
/// One sentence that says what could not be put in force. The caller must not load anything then.
#[cfg(not(target_os = "linux"))]
pub(crate) fn enter(load: &Load, _: Option<&OwnedFd>) -> Result<String, String> {
    common::leave_session()?;
    let user = common::identity(load)?;
    Ok(format!("limits, {user}; files and network are not confined on this platform"))
}
