//! The parts of confinement that every platform has.

use vmkit_wire::Load;

use crate::account;

/// Limits the process and makes it the user that the host named. Returns which user it is.
pub(super) fn identity(load: &Load) -> Result<String, String> {
    // A program is copied into memory before it is started, and cannot write afterwards.
    let writes = load.records || load.program.is_some();
    let limits_memory =
        account::limit(writes).map_err(|error| format!("cannot limit the process: {error}"))?;
    let memory = if limits_memory { "" } else { " (not of memory: the system refuses it)" };
    match (account::is_root(), load.account) {
        (true, Some(to)) if to.uid != 0 => {
            account::become_user(to)
                .map_err(|error| format!("cannot become user {}: {error}", to.uid))?;
            Ok(format!("user {}{memory}", to.uid))
        }
        (true, _) => Err("refusing to load a plugin as root".to_owned()),
        (false, _) => Ok(format!("the user's own rights{memory}")),
    }
}

/// Ends this process when its host ends, or now if the host has ended already.
#[cfg(target_os = "linux")]
pub(crate) fn die_with(host_pid: u32) -> Result<(), String> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .map_err(|error| format!("cannot follow the host's death: {error}"))?;
    let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    if parent == Some(host_pid) { Ok(()) } else { Err("the host has died".to_owned()) }
}

/// Leaves the session of whoever started `vm`, whose terminal could be typed into.
pub(super) fn leave_session() -> Result<(), String> {
    rustix::process::setsid()
        .map(drop)
        .map_err(|error| format!("cannot leave the session: {error}"))
}

/// Has the kernel end this process first where memory is short: a plugin that fills its own must not cost
/// a VM its life.
#[cfg(target_os = "linux")]
pub(super) fn die_first() {
    // Where the file cannot be written, the limit of memory still holds.
    std::fs::write("/proc/self/oom_score_adj", "1000").ok();
}

/// Keeps other processes of the same user from tracing this one and reading its memory, in which are
/// guests' consoles. A handler of crashes does not get it either, whose pipe no limit of core dumps holds
/// up.
#[cfg(target_os = "linux")]
pub(super) fn hide_memory() -> Result<(), String> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| format!("cannot hide its memory: {error}"))
}

/// Gives up all capabilities: those of a caller who is not root outlive a change of user.
#[cfg(target_os = "linux")]
pub(super) fn give_up_capabilities() -> Result<(), String> {
    use rustix::thread::{CapabilitySet, CapabilitySets, clear_ambient_capability_set};

    let none = CapabilitySet::empty();
    let none = CapabilitySets { effective: none, permitted: none, inheritable: none };
    // A kernel before 4.3 has no ambient ones.
    clear_ambient_capability_set().ok();
    rustix::thread::set_capabilities(None, none)
        .map_err(|error| format!("cannot give up capabilities: {error}"))
}
