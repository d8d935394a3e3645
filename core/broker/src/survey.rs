//! The output of the system's tools where root sees more, which are fixed programs with fixed arguments, and what
//! is known of DHCP servers.

use std::{io::Write as _, os::unix::net::UnixStream, time::Duration};

use vmkit_platform::Platform as _;
use vmkit_rights::{Account, Refusal, Reply, SurveyPart};
use vmkit_types::Reading;

use crate::{children, servers};

/// How long the text may wait for its reader, who waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the tool and sends its text to this socket.
pub(crate) fn run(
    part: SurveyPart,
    user: Account,
    mut to: UnixStream,
    answer: impl FnOnce(&Reply),
) {
    children::may_change_the_network();
    let platform = vmkit_platform::current();
    let text = match part {
        SurveyPart::Firewall => platform.firewall(),
        SurveyPart::FirewallDocument => platform.firewall_document(),
        SurveyPart::Listeners => platform.listeners(),
        SurveyPart::DhcpServers => servers::document(user),
    };
    match text {
        Reading::Known(text) => {
            answer(&Reply::Done);
            to.set_write_timeout(Some(PATIENCE)).ok();
            // A reader who left needs no text.
            to.write_all(text.as_bytes()).ok();
        }
        Reading::Absent => answer(&Reply::Refused(Refusal::failed("this system has no such tool"))),
        Reading::Unknown(why) => answer(&Reply::Refused(why.into())),
    }
}
