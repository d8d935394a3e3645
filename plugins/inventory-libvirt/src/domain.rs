//! One domain, out of its XML (<https://libvirt.org/formatdomain.html>).

use vmkit_formats::xml::Element;
use vmkit_plugin::{Forward, MachineState, Reading, Remark, SubjectCard, Unread};
use vmkit_qemu::{CommandLine, LineCard};

use crate::{
    cards::{card, forwards, is_unplugged, network_name},
    networks::Networks,
};

/// The name of the channel of QEMU's guest agent.
const GUEST_AGENT: &str = "org.qemu.guest_agent.0";

/// What the XML of a domain says.
pub(crate) struct Domain {
    pub(crate) name: Option<String>,
    pub(crate) cards: Vec<SubjectCard>,
    pub(crate) forwards: Vec<Forward>,
    /// The file that the first serial port is written to.
    pub(crate) console: Option<String>,
    /// Whether it has a channel to QEMU's guest agent.
    pub(crate) has_agent: bool,
    /// The files and devices of the disks that it writes to.
    pub(crate) disks: Vec<String>,
    pub(crate) remarks: Reading<Vec<Remark>>,
}

/// What libvirt's status file says beside that.
pub(crate) struct Status {
    pub(crate) state: Reading<MachineState>,
    pub(crate) pid: Option<u32>,
}

impl Domain {
    /// Reads the `<domain>` of a file, which in a status file lies one level down. `None`: there is none.
    pub(crate) fn new(document: &Element, networks: &Networks) -> Option<Self> {
        let domain =
            if document.name() == "domstatus" { document.child("domain")? } else { document };
        if domain.name() != "domain" {
            return None;
        }
        let interfaces = domain.all("devices/interface");
        let mut cards: Vec<_> = interfaces.iter().map(|each| card(each, networks)).collect();
        let mut all_forwards: Vec<_> = interfaces.iter().flat_map(|each| forwards(each)).collect();
        // People add options of QEMU that libvirt does not know, above all forwarded ports.
        let line = more_options(domain);
        cards.extend(line.cards.iter().map(LineCard::to_subject));
        all_forwards.extend(line.forwards);
        Some(Self {
            name: domain.text_at("name").map(str::to_owned),
            cards,
            forwards: all_forwards,
            console: console(domain).or(line.console),
            has_agent: domain
                .all("devices/channel/target")
                .iter()
                .any(|target| target.attribute("name") == Some(GUEST_AGENT)),
            disks: disks(domain).chain(line.disks).collect(),
            remarks: remarks(&interfaces, networks),
        })
    }
}

impl Status {
    /// Reads the attributes of `<domstatus>` (`virDomainState` in libvirt's `src/conf/domain_conf.c`).
    pub(crate) fn new(document: &Element) -> Self {
        let state = match document.attribute("state") {
            Some("running" | "blocked" | "shutdown" | "nostate") => {
                Reading::Known(MachineState::Running)
            }
            // The guest sleeps, or QEMU keeps what is left of it.
            Some("paused" | "pmsuspended" | "crashed") => Reading::Known(MachineState::Paused),
            Some("shutoff") => Reading::Known(MachineState::Stopped),
            state => {
                let state = vmkit_plugin::bounded(state.unwrap_or_default(), 40);
                Reading::Unknown(Unread::Malformed(format!("the state `{state}` of libvirt")))
            }
        };
        let pid = document.attribute("pid").and_then(|pid| pid.parse().ok());
        Self { state, pid: pid.filter(|pid| *pid != 0) }
    }
}

fn more_options(domain: &Element) -> CommandLine {
    let arguments = domain.all("qemu:commandline/qemu:arg");
    let arguments: Vec<String> = arguments
        .into_iter()
        .filter_map(|argument| argument.attribute("value"))
        .map(str::to_owned)
        .collect();
    CommandLine::parse(&arguments, 0)
}

/// The file of the first serial port: what it is, or the log that libvirt keeps of it.
fn console(domain: &Element) -> Option<String> {
    let devices = domain.child("devices")?;
    let port = devices.child("serial").or_else(|| devices.child("console"))?;
    let log = || port.child("log")?.attribute("file");
    let file = || port.child("source")?.attribute("path");
    let file = if port.attribute("type") == Some("file") { file() } else { log() };
    file.filter(|path| path.starts_with('/')).map(str::to_owned)
}

/// Without those that machines share, such as installation media.
fn disks(domain: &Element) -> impl Iterator<Item = String> {
    let disks = domain.all("devices/disk").into_iter().filter(|disk| {
        let device = disk.attribute("device").unwrap_or("disk");
        let shared = ["readonly", "shareable"].iter().any(|mark| disk.child(mark).is_some());
        matches!(device, "disk" | "lun") && !shared
    });
    disks.filter_map(|disk| {
        let source = disk.child("source")?;
        let path = source.attribute("file").or_else(|| source.attribute("dev"))?;
        path.starts_with('/').then(|| path.to_owned())
    })
}

fn remarks(interfaces: &[&Element], networks: &Networks) -> Reading<Vec<Remark>> {
    let mut remarks = Vec::new();
    for interface in interfaces {
        match network_name(interface).map_or(Ok(None), |name| networks.remark(name)) {
            Ok(remark) => remarks.extend(remark),
            Err(why) => return Reading::Unknown(why),
        }
        if is_unplugged(interface) {
            let mac = interface.child("mac").and_then(|mac| mac.attribute("address"));
            let mac = vmkit_plugin::bounded(mac.unwrap_or("?"), 20);
            let says = format!("libvirt holds the cable of its card {mac} unplugged");
            remarks.push(Remark { code: "link-down".to_owned(), about: None, says });
        }
    }
    Reading::Known(remarks)
}
