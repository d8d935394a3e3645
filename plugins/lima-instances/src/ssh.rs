//! How ssh reaches an instance.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::Value;
use vmkit_formats::pairs::Section;
use vmkit_plugin::{Reading, Unread};

use crate::{
    files::{KEY, SSH},
    instance::Instance,
};

/// Where the SSH server of a running instance is reached. The file is rewritten at each start, and the
/// port in `lima.yaml` is 0 where Lima chooses one. Only this computer counts: a guest that may write to its
/// user's home could otherwise send that user to another one.
pub(crate) fn address(instance: &Instance) -> Reading<SocketAddr> {
    let file = || format!("{}{SSH}", instance.directory);
    let written = match &instance.ssh {
        Reading::Known(sections) => match host(sections).and_then(written) {
            Some(address) if address.ip().is_loopback() => Reading::Known(address),
            Some(address) => Reading::Unknown(Unread::Malformed(format!(
                "{}: {} is not this computer",
                file(),
                address.ip()
            ))),
            None => Reading::Unknown(Unread::Malformed(format!(
                "{}: no Hostname and Port of a host",
                file()
            ))),
        },
        Reading::Absent => Reading::Unknown(Unread::Failed(format!("{} is missing", file()))),
        Reading::Unknown(why) => Reading::Unknown(why.clone()),
    };
    match (written, configured(instance)) {
        (Reading::Known(address), _) | (_, Some(address)) => Reading::Known(address),
        (written, None) => written,
    }
}

fn written(host: &Section) -> Option<SocketAddr> {
    let address: IpAddr = host.get("hostname")?.parse().ok()?;
    let port = host.get("port")?.parse().ok().filter(|port| *port != 0)?;
    Some(SocketAddr::new(address, port))
}

/// The user of the guest.
pub(crate) fn user(instance: &Instance) -> Reading<String> {
    let written = instance.ssh.as_ref().known().and_then(|sections| host(sections)?.get("user"));
    let configuration = instance.configuration.as_ref().known();
    let configured = configuration.and_then(|value| value.pointer("/user/name")?.as_str());
    match (written.or(configured), &instance.ssh) {
        (Some(user), _) => Reading::Known(user.to_owned()),
        (None, Reading::Unknown(why)) => Reading::Unknown(why.clone()),
        (None, _) => Reading::Unknown(Unread::NotTried),
    }
}

/// The key that Lima made, or the first one that ssh's file names.
pub(crate) fn identity_file(instance: &Instance) -> Reading<String> {
    let sections = instance.ssh.as_ref().known();
    let written = sections.and_then(|sections| host(sections)?.get("identityfile"));
    let written = written.filter(|path| path.starts_with('/')).map(str::to_owned);
    let home = instance.directory.trim_end_matches('/').rsplit_once('/');
    let own = home.map(|(home, _)| format!("{home}/{KEY}"));
    written.or(own).map_or(Reading::Absent, Reading::Known)
}

/// The section of the instance's host: the file has one.
fn host(sections: &[Section]) -> Option<&Section> {
    sections.iter().find(|section| !section.name.is_empty())
}

/// A port that the user chose.
fn configured(instance: &Instance) -> Option<SocketAddr> {
    let configuration = instance.configuration.as_ref().known()?;
    let port = configuration.pointer("/ssh/localPort").and_then(Value::as_u64)?;
    let port = u16::try_from(port).ok().filter(|port| *port != 0)?;
    Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
}
