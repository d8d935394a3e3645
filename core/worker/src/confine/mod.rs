//! What a plugin can do: what its manifest declares, and no more.

mod common;
#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod seccomp;

use std::os::fd::OwnedFd;

use vmkit_wire::Load;

/// Confines this process for good; the result says in plain words what is in force.
///
/// # Errors
/// What could not be put in force, in one sentence; nothing may be loaded then.
#[cfg(target_os = "linux")]
pub(crate) fn enter(load: &Load, library: Option<&OwnedFd>) -> Result<String, String> {
    common::die_with(load.host_pid)?;
    let user = common::identity(load)?;
    // A change of user clears the signal that comes with the host's death.
    common::die_with(load.host_pid)?;
    rustix::thread::set_no_new_privs(true)
        .map_err(|error| format!("cannot give up new privileges: {error}"))?;
    let files = landlock::restrict(&load.needs, library)?;
    seccomp::restrict(&load.needs)?;
    Ok(format!("limits, {user}, {files}, listed system calls only"))
}

/// Confines this process as far as this platform can; the result says so.
///
/// # Errors
/// What could not be put in force, in one sentence; nothing may be loaded then.
#[cfg(not(target_os = "linux"))]
pub(crate) fn enter(load: &Load, _: Option<&OwnedFd>) -> Result<String, String> {
    let user = common::identity(load)?;
    Ok(format!("limits, {user}; files and network are not confined on this platform"))
}
