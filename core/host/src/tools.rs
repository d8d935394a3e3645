//! What the system's tools print, for plugins whose manifest declares them.

use std::os::fd::OwnedFd;

use vmkit_types::{Reading, Unread};
use vmkit_wire::{Needs, Refusal};

use crate::files::stream;

/// A stream of what the tool with this command line prints. `afresh`: an earlier answer does not serve.
pub(crate) fn open(line: &str, needs: &Needs, afresh: bool) -> Result<OwnedFd, Refusal> {
    let program = line.split(' ').next().unwrap_or_default();
    if !needs.exec.iter().any(|declared| declared == program) {
        return Err(Refusal::denied(format!("the manifest declares no `exec` of {program:?}")));
    }
    match vmkit_platform::tool(line, afresh) {
        None => Err(Refusal::not_found(format!("{line:?} is no tool that this host runs"))),
        Some(Reading::Known(text)) => stream(text.into_bytes())
            .map_err(|error| Refusal::failed(format!("hand over what {line} prints: {error}"))),
        Some(Reading::Absent) => Err(Refusal::not_found(format!("{line}: it is not there"))),
        Some(Reading::Unknown(Unread::Denied(what))) => Err(Refusal::denied(what)),
        Some(Reading::Unknown(why)) => Err(Refusal::failed(format!("{line}: {why}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_gets_no_tool_but_those_that_it_declares_and_the_host_knows() {
        let needs = Needs { exec: vec!["/sbin/ifconfig".to_owned()], ..Needs::default() };
        // The line; whether the refusal is a denial.
        let rows = [
            ("/usr/sbin/arp -an", true),
            ("", true),
            ("/sbin/ifconfig en0 down", false),
            ("/sbin/ifconfig bridge100 destroy", false),
        ];
        for (line, denied) in rows {
            let refusal = open(line, &needs, false).unwrap_err();
            assert_eq!((refusal.denied, refusal.not_found), (denied, !denied), "{line}");
        }
    }
}
