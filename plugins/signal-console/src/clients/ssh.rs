//! systemd and others that start an SSH server.

use crate::{boot::Boot, line::Line, phase::Phase};

/// `Started ssh.service - OpenBSD Secure Shell server.`, but not `Starting`, `Stopping` or `Failed`.
pub(crate) fn started(boot: &mut Boot<'_>, line: Line<'_>) {
    if line.before.contains("Started ") {
        boot.reach(Phase::Ssh);
    }
}
