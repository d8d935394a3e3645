//! The rights of the tools that the broker runs.
//!
//! Where root started the broker, its tools are root's. Where the broker has capabilities of its own
//! file, its tools have none unless they are passed on.

/// Lets the tools that this thread starts change the network, if the broker may.
pub(crate) fn may_change_the_network() {
    #[cfg(target_os = "linux")]
    linux::pass_on();
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::thread::{
        CapabilitySet, capabilities, configure_capability_in_ambient_set, set_capabilities,
    };

    /// For this thread alone, which serves one request.
    pub(super) fn pass_on() {
        let right = CapabilitySet::NET_ADMIN;
        let Ok(mut sets) = capabilities(None) else { return };
        if rustix::process::geteuid().is_root() || !sets.permitted.contains(right) {
            return;
        }
        sets.inheritable |= right;
        // The system may forbid it; the tool then fails and says so.
        if set_capabilities(None, sets).is_ok() {
            configure_capability_in_ambient_set(right, true).ok();
        }
    }
}
