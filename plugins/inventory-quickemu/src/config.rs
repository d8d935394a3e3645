//! A `.conf` file, which quickemu sources as a shell does, and the `.ports` file that it writes.

use std::net::{Ipv4Addr, SocketAddr};

use vmkit_formats::pairs::{self, Dialect, Section};
use vmkit_listing::{ManagerFile, absolute, card_mac, folder, stem};
use vmkit_plugin::{Forward, NetworkMode, Protocol, Reading, SubjectCard, Unread};

/// Most forwarded ports that are read.
const MOST_FORWARDS: usize = 64;

/// The MAC that QEMU gives to its first card by default. In user networks it means nothing, on a bridge
/// it is the machine's.
const DEFAULT_MAC: &str = "52:54:00:12:34:56";

/// What a `.conf` file says of its machine.
pub(crate) struct Config {
    /// The folder of the machine's files, where quickemu would put them.
    pub(crate) state: Reading<String>,
    pub(crate) disk: Reading<String>,
    pub(crate) cards: Reading<Vec<SubjectCard>>,
    /// The port of SSH, if the user has set it.
    pub(crate) ssh_port: Reading<u16>,
    /// Other forwarded ports.
    pub(crate) forwards: Reading<Vec<Forward>>,
    name: String,
}

impl Config {
    /// The file with the ports that quickemu chose.
    pub(crate) fn ports_file(&self) -> Option<String> {
        let state = self.state.as_ref().known()?;
        Some(format!("{state}/{}.ports", self.name))
    }
}

/// The machine of this file; `None`: it is a file of another program.
pub(crate) fn read(file: &ManagerFile) -> Result<Option<Config>, Unread> {
    let sections =
        pairs::parse(&file.bytes, Dialect::Shell).map_err(|error| file.malformed(error))?;
    let Some(pairs) = sections.first() else { return Ok(None) };
    if ["guest_os", "disk_img"].iter().all(|name| pairs.get(name).is_none()) {
        return Ok(None);
    }
    let disk = match value(file, pairs, "disk_img") {
        Reading::Absent => Reading::Known(format!("disk.{}", disk_format(pairs))),
        disk => disk.map(str::to_owned),
    };
    let disk = disk.map(|disk| absolute(folder(&file.path), &disk));
    let (cards, has_user_network) = network(file, pairs);
    Ok(Some(Config {
        state: disk.as_ref().map(|disk| folder(disk).to_owned()),
        disk,
        cards,
        ssh_port: number(file, pairs, "ssh_port"),
        forwards: if has_user_network { forwards(file, pairs) } else { Reading::Absent },
        name: stem(&file.path).to_owned(),
    }))
}

/// The port of SSH in a `.ports` file: `ssh,22220`.
pub(crate) fn ssh_port(file: &ManagerFile) -> Reading<u16> {
    let Ok(text) = std::str::from_utf8(&file.bytes) else {
        return Reading::Unknown(file.malformed("not UTF-8"));
    };
    let Some(port) = text.lines().find_map(|line| line.strip_prefix("ssh,")) else {
        return Reading::Absent;
    };
    let port = port.split(',').next().unwrap_or_default().trim();
    match port.parse() {
        Ok(port) if port != 0 => Reading::Known(port),
        _ => Reading::Unknown(file.malformed(format!("`{}` is no port", port.escape_debug()))),
    }
}

fn disk_format(pairs: &Section) -> &str {
    pairs.get("disk_format").filter(|format| !format.is_empty()).unwrap_or("qcow2")
}

/// A value. One that only a shell can expand is unknown.
fn value<'a>(file: &ManagerFile, pairs: &'a Section, name: &str) -> Reading<&'a str> {
    match pairs.get(name) {
        None | Some("") => Reading::Absent,
        Some(value) if value.contains(['$', '`']) || value.starts_with('~') => {
            Reading::Unknown(file.malformed(format!("only a shell knows the value of {name}")))
        }
        Some(value) => Reading::Known(value),
    }
}

fn number(file: &ManagerFile, pairs: &Section, name: &str) -> Reading<u16> {
    match value(file, pairs, name).map(str::parse) {
        Reading::Known(Ok(port)) if port != 0 => Reading::Known(port),
        Reading::Known(_) => Reading::Unknown(file.malformed(format!("{name} is no port"))),
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    }
}

/// The card, and whether it is in QEMU's user network, which forwards ports.
fn network(file: &ManagerFile, pairs: &Section) -> (Reading<Vec<SubjectCard>>, bool) {
    // Until version 4.0 it was called `bridge`.
    let network = match value(file, pairs, "bridge") {
        Reading::Absent => value(file, pairs, "network"),
        bridge => bridge,
    };
    let user = SubjectCard { mode: Some(NetworkMode::User), ..SubjectCard::default() };
    match network {
        Reading::Absent | Reading::Known("restrict") => (Reading::Known(vec![user]), true),
        Reading::Known("none") => (Reading::Known(Vec::new()), false),
        Reading::Known(bridge) => {
            let text = match value(file, pairs, "macaddr") {
                Reading::Known(text) => text,
                Reading::Absent => DEFAULT_MAC,
                Reading::Unknown(why) => return (Reading::Unknown(why), false),
            };
            let card = card_mac(&file.path, "macaddr", text).map(|mac| {
                let interface = Some(bridge.to_owned());
                let mode = Some(NetworkMode::Bridged);
                vec![SubjectCard { mac: Some(mac), mode, interface, port: None }]
            });
            (card.map_or_else(Reading::Unknown, Reading::Known), false)
        }
        Reading::Unknown(why) => (Reading::Unknown(why), false),
    }
}

/// `port_forwards=("8022:22")`: each rule is one for TCP and one for UDP.
fn forwards(file: &ManagerFile, pairs: &Section) -> Reading<Vec<Forward>> {
    let rule = |rule: &str| {
        let (host, guest) = rule.split_once(':')?;
        let (host, guest_port): (u16, u16) = (host.parse().ok()?, guest.parse().ok()?);
        let listens = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), host);
        let forward = |protocol| Forward { protocol, listens, guest_address: None, guest_port };
        Some([forward(Protocol::Tcp), forward(Protocol::Udp)])
    };
    let rules = pairs.all("port_forwards").filter(|rule| !rule.is_empty()).take(MOST_FORWARDS / 2);
    let rules: Option<Vec<_>> = rules.map(rule).collect();
    match rules {
        Some(rules) => Reading::Known(rules.concat()),
        None => Reading::Unknown(file.malformed("port_forwards holds no pairs of ports")),
    }
}
