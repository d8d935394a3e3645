//! The command line of vfkit: `--device KIND,key=value,…`.

use vmkit_listing::card_mac;
use vmkit_plugin::{Mac, NetworkMode, Reading, SubjectCard, Unread};

/// Most devices of a kind that are read.
const MOST_DEVICES: usize = 32;

/// The MAC that podman and OpenShift Local give to all of their machines, because gvproxy knows a machine
/// by it. It identifies none.
const GVPROXY: Mac = Mac::new([0x5a, 0x94, 0xef, 0xe4, 0x0c, 0xee]);

/// What a command line says of its machine. Paths stand as they were given.
pub(crate) struct Line {
    pub(crate) cards: Reading<Vec<SubjectCard>>,
    /// The disks that the machine writes to.
    pub(crate) disks: Vec<String>,
    /// The file that the first serial port is written to.
    pub(crate) console: Option<String>,
}

impl Line {
    /// Reads the words of a command line.
    pub(crate) fn read(words: &[String]) -> Self {
        let cards: Result<Vec<_>, Unread> =
            devices(words, "virtio-net").map(|device| card(&device)).collect();
        let is_written = |device: &Device<'_>| {
            let path = device.get("path");
            !device.has("readonly") && path.is_some_and(|path| path.strip_suffix(".iso").is_none())
        };
        let disks = ["virtio-blk", "nvme", "usb-mass-storage"].into_iter();
        let disks = disks.flat_map(|kind| devices(words, kind)).filter(is_written);
        let disks = disks.filter_map(|device| device.get("path").map(str::to_owned));
        let mut logs = devices(words, "virtio-serial");
        Self {
            cards: cards.map_or_else(Reading::Unknown, Reading::Known),
            disks: disks.take(MOST_DEVICES).collect(),
            console: logs.find_map(|device| Some(device.get("logFilePath")?.to_owned())),
        }
    }
}

/// The parts of a `--device` behind its kind.
struct Device<'a>(&'a str);

impl<'a> Device<'a> {
    fn get(&self, key: &str) -> Option<&'a str> {
        self.parts()
            .find_map(|part| part.split_once('=').filter(|(own, _)| *own == key))
            .map(|it| it.1)
    }

    fn has(&self, word: &str) -> bool {
        self.parts().any(|part| part == word)
    }

    fn parts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.0.split(',')
    }
}

/// The devices of this kind, in `--device VALUE` and `--device=VALUE`.
fn devices<'a>(words: &'a [String], kind: &str) -> impl Iterator<Item = Device<'a>> {
    let value = move |(index, word): (usize, &'a String)| {
        let rest = word.strip_prefix("--device").or_else(|| word.strip_prefix("-device"))?;
        match rest.strip_prefix('=') {
            Some(value) => Some(value),
            None if rest.is_empty() => words.get(index + 1).map(String::as_str),
            None => None,
        }
    };
    let kind = kind.to_owned();
    let device = move |value: &'a str| {
        let rest = value.strip_prefix(kind.as_str())?;
        rest.is_empty().then_some("").or_else(|| rest.strip_prefix(',')).map(Device)
    };
    words.iter().enumerate().filter_map(value).filter_map(device).take(MOST_DEVICES)
}

/// A card. Without another word it is behind the network of macOS. A socket is a program's own network,
/// which is `socket_vmnet` or vmnet-helper if its name says so, or else one that the host cannot reach.
fn card(device: &Device<'_>) -> Result<SubjectCard, Unread> {
    let mac = device.get("mac").map(|mac| card_mac("vfkit", "virtio-net", mac)).transpose()?;
    let socket = device.get("unixSocketPath");
    let mode = match socket {
        Some(path) if path.contains("vmnet") => Some(NetworkMode::Shared),
        Some(_) => Some(NetworkMode::User),
        None if device.get("fd").is_some() => None,
        None => Some(NetworkMode::Shared),
    };
    let mac = mac.filter(|mac| *mac != GVPROXY);
    Ok(SubjectCard { mac, mode, ..SubjectCard::default() })
}
