//! The error of the system that ended an asking.

use std::{io, time::Duration};

use vmkit_types::ArpFailure;

/// This error, this long after the start.
pub(super) fn failure(error: &io::Error, after: Duration) -> ArpFailure {
    let macos = cfg!(target_os = "macos");
    ArpFailure {
        errno: error.raw_os_error(),
        after: Some(after),
        as_root: macos.then(|| rustix::process::geteuid().is_root()),
    }
}
