//! What the listings of managers add to a machine, to and from `snapshot.json`.

use std::{path::PathBuf, str::FromStr, time::Duration};

use vmkit_model::{Endpoint, How, Machine, SshAnswer, SshOutcome};
use vmkit_types::{Reading, Unread, bounded};

use crate::document;

/// Most values of one list that are read: more than a manager lists of one machine.
const MOST: usize = 256;
/// Longest banner of an SSH server: RFC 4253, 4.2.
const BANNER: usize = 255;

/// The machine with the fields of the document. Malformed values are named in `problems`.
pub(crate) fn read(
    vm: &document::Machine,
    machine: Machine,
    problems: &mut Vec<String>,
) -> Machine {
    let mut endpoints = Vec::new();
    for listed in vm.endpoints.iter().take(MOST) {
        match endpoint(listed) {
            Some(endpoint) => endpoints.push(endpoint),
            None => problems.push(format!("endpoint {:?} of {:?}", listed.address, vm.name)),
        }
    }
    let identity_file = vm.identity_file.clone().map(PathBuf::from);
    Machine {
        forwards: parsed("forwarded port", vm.forwards.as_ref(), &vm.name, problems),
        endpoints,
        identity_file: identity_file.map_or(Reading::Absent, Reading::Known),
        manager_addresses: parsed("address", vm.manager_addresses.as_ref(), &vm.name, problems),
        remarks: parsed("remark", vm.remarks.as_ref(), &vm.name, problems),
        ..machine
    }
}

fn parsed<T: FromStr>(
    what: &str,
    texts: Option<&Vec<String>>,
    machine: &str,
    problems: &mut Vec<String>,
) -> Reading<Vec<T>> {
    let Some(texts) = texts else { return Reading::Unknown(Unread::NotTried) };
    let mut values = Vec::new();
    for text in texts.iter().take(MOST) {
        match text.parse() {
            Ok(value) => values.push(value),
            Err(_) => problems.push(format!("{what} {text:?} of {machine:?}")),
        }
    }
    Reading::Known(values)
}

/// An endpoint of loopback, as a look has them.
fn endpoint(listed: &document::Endpoint) -> Option<Endpoint> {
    let address: std::net::SocketAddr = listed.address.parse().ok()?;
    let outcome = listed.ssh.as_deref().map(SshOutcome::from_code);
    let ssh = match outcome {
        None => Reading::Unknown(Unread::NotTried),
        Some(outcome) => Reading::Known(SshAnswer {
            outcome: outcome?,
            rtt: listed.rtt_us.map(Duration::from_micros),
            banner: listed.banner.as_ref().map(|text| bounded(text, BANNER).to_owned()),
        }),
    };
    let how = How::from_code(&listed.how)?;
    address.ip().is_loopback().then_some(Endpoint { address, how, ssh })
}

pub(crate) fn write_endpoint(endpoint: &Endpoint) -> document::Endpoint {
    let answer = endpoint.ssh.as_ref().known();
    document::Endpoint {
        address: endpoint.address.to_string(),
        how: endpoint.how.code().to_owned(),
        ssh: answer.map(|answer| answer.outcome.code().to_owned()),
        rtt_us: answer.and_then(|it| it.rtt?.as_micros().try_into().ok()),
        banner: answer.and_then(|answer| answer.banner.clone()),
    }
}

/// The values of a list that is known.
pub(crate) fn texts<T: ToString>(list: &Reading<Vec<T>>) -> Option<Vec<String>> {
    Some(list.as_ref().known()?.iter().map(ToString::to_string).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_machine_of_a_manager_survives_the_document() {
        let document: document::Machine = serde_json::from_str(
            r#"{"name":"lima/web","own_name":"web","manager":"lima","state":"running",
            "forwards":["tcp 127.0.0.1:60022 -:22"],
            "endpoints":[{"address":"127.0.0.1:60022","how":"forwarded","ssh":"ready",
              "rtt_us":120,"banner":"SSH-2.0-x"}],
            "identity_file":"/home/ann/.lima/_config/user","manager_addresses":["192.168.5.15"],
            "remarks":["network-inactive it is not started"]}"#,
        )
        .unwrap();
        let mut problems = Vec::new();
        let read = |document: &document::Machine, problems: &mut Vec<String>| {
            crate::machine::read(document, None, Path::new("/nowhere"), problems)
        };
        let machine = read(&document, &mut problems);
        assert_eq!(problems, [""; 0]);
        assert_eq!((&*machine.manager, machine.own_name.as_str()), ("lima", "web"));
        assert!(machine.endpoints[0].is_ready());
        let again = read(&crate::machine::write(&machine), &mut problems);
        assert_eq!(again, machine);
    }

    #[test]
    fn values_that_a_look_does_not_have_are_named_and_skipped() {
        let document: document::Machine = serde_json::from_str(
            r#"{"name":"web","forwards":["x"],"remarks":["","a b"],"endpoints":[
            {"address":"192.168.1.5:22","how":"forwarded"},{"address":"127.0.0.1:2","how":"x"},
            {"address":"127.0.0.1:2","how":"manager","ssh":"x"}]}"#,
        )
        .unwrap();
        let mut problems = Vec::new();
        let machine = crate::machine::read(&document, None, Path::new("/nowhere"), &mut problems);
        assert_eq!(machine.endpoints, []);
        assert_eq!(machine.forwards, Reading::Known(Vec::new()));
        assert_eq!(problems.len(), 5, "{problems:?}");
    }
}
