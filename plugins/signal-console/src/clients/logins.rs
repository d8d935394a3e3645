//! Whether users can log in: the end of the boot, as systemd and cloud-init print it, and `pam_nologin`.

use crate::{boot::Boot, line::Line};

/// `[  OK  ] Reached target multi-user.target - Multi-User System.`
pub(crate) fn finished(boot: &mut Boot<'_>, _: Line<'_>) {
    boot.finish();
}

/// `Cloud-init v. 24.1.3-0ubuntu3 finished at Mon, 03 Jun 2024 09:12:01 +0000. Datasource …`
pub(crate) fn cloud_init(boot: &mut Boot<'_>, line: Line<'_>) {
    if line.after.contains(" finished at ") {
        boot.finish();
    }
}

/// `[  OK  ] Finished systemd-user-sessions.service - Permit User Sessions.`, older `Started Permit User
/// Sessions.`, but not `Starting`.
pub(crate) fn permitted(boot: &mut Boot<'_>, line: Line<'_>) {
    if line.before.contains("Finished ") || line.before.contains("Started ") {
        boot.permit_logins();
    }
}

/// `"System is booting up. Unprivileged users are not permitted to log in yet. …"`
pub(crate) fn refused(boot: &mut Boot<'_>, _: Line<'_>) {
    boot.refuse_logins();
}
