//! The files of one connection of libvirt.

use std::collections::BTreeMap;

use vmkit_formats::xml::{self, Element};
use vmkit_plugin::{Cx, Reading, Result, Unread};

/// Largest file of a domain that is read. One with a hundred disks has some 100 KiB.
const LARGEST: u64 = 1 << 20;
/// Largest pid file that is read: ten digits and a line break, with room for white space.
const PID_LIMIT: u64 = 64;

/// Where a connection of libvirt keeps its files.
pub(crate) struct Place {
    /// The last part of its URI, such as `system` of `qemu:///system`.
    pub(crate) name: &'static str,
    /// Domains that are defined.
    defined: &'static str,
    /// Domains that run.
    run_time: &'static str,
    /// Process numbers of domains that run.
    pids: &'static str,
    /// Networks that are defined.
    networks: &'static str,
    /// Networks that are started. `None`: plugins cannot see them.
    active_networks: Option<&'static str>,
    /// Whether everything that runs has a file in `run_time`.
    pub(crate) run_time_is_complete: bool,
}

/// The domains of the system.
pub(crate) const SYSTEM: Place = Place {
    name: "system",
    defined: "/etc/libvirt/qemu/*.xml",
    run_time: "/run/libvirt/qemu/*.xml",
    pids: "/run/libvirt/qemu/*.pid",
    networks: "/etc/libvirt/qemu/networks/*.xml",
    active_networks: Some("/run/libvirt/network/*.xml"),
    run_time_is_complete: true,
};

/// The domains of the user.
pub(crate) const SESSION: Place = Place {
    name: "session",
    defined: "{home}/.config/libvirt/qemu/*.xml",
    run_time: "{home}/.cache/libvirt/qemu/run/*.xml",
    pids: "{home}/.cache/libvirt/qemu/run/*.pid",
    networks: "{home}/.config/libvirt/qemu/networks/*.xml",
    active_networks: None,
    run_time_is_complete: false,
};

/// The files of a directory by their names without endings.
pub(crate) type Files<T> = Reading<BTreeMap<String, Reading<T>>>;

/// What the files of a connection hold.
pub(crate) struct Sources {
    pub(crate) place: &'static Place,
    /// Domains that are defined.
    pub(crate) defined: Files<Element>,
    /// Domains that run.
    pub(crate) run_time: Files<Element>,
    /// Process numbers of domains that run.
    pub(crate) pids: Files<u32>,
    /// Networks that are defined.
    pub(crate) networks: Files<Element>,
    /// Networks that are started.
    pub(crate) active_networks: Files<Element>,
}

impl Sources {
    /// Why directories of domains could not be listed.
    pub(crate) fn hidden(&self) -> Vec<Unread> {
        [&self.defined, &self.run_time]
            .into_iter()
            .filter_map(|files| match files {
                Reading::Unknown(why) => Some(why.clone()),
                Reading::Known(_) | Reading::Absent => None,
            })
            .collect()
    }

    /// Reads the files of the connection.
    ///
    /// # Errors
    /// The call is cancelled or out of time.
    pub(crate) fn read(place: &'static Place, cx: &Cx<'_>) -> Result<Self> {
        Ok(Self {
            place,
            defined: files(place.defined, cx, document)?,
            run_time: files(place.run_time, cx, document)?,
            pids: files(place.pids, cx, pid)?,
            networks: files(place.networks, cx, document)?,
            active_networks: match place.active_networks {
                Some(pattern) => files(pattern, cx, document)?,
                None => Reading::Unknown(Unread::NotTried),
            },
        })
    }
}

/// The files of a pattern, each as `read` reads it.
fn files<T>(pattern: &str, cx: &Cx<'_>, read: fn(&str, &Cx<'_>) -> Reading<T>) -> Result<Files<T>> {
    let paths = match cx.files(pattern) {
        Ok(paths) => paths,
        Err(error) => return Ok(Reading::Unknown(error.into())),
    };
    let mut files = BTreeMap::new();
    for path in paths {
        cx.check()?;
        let name = path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
        let Some((name, _)) = name else { continue };
        files.insert(name.to_owned(), read(&path, cx));
    }
    Ok(Reading::Known(files))
}

fn document(path: &str, cx: &Cx<'_>) -> Reading<Element> {
    parsed(cx.read_file(path, LARGEST), |bytes| {
        xml::parse(bytes).map_err(|error| Unread::Malformed(format!("{path}: {error}")))
    })
}

fn pid(path: &str, cx: &Cx<'_>) -> Reading<u32> {
    parsed(cx.read_file(path, PID_LIMIT), |bytes| {
        let number = str::from_utf8(bytes).ok().and_then(|text| text.trim().parse().ok());
        number.ok_or_else(|| Unread::Malformed(format!("{path} holds no process number")))
    })
}

fn parsed<T>(
    bytes: Reading<Vec<u8>>,
    parse: impl FnOnce(&[u8]) -> Result<T, Unread>,
) -> Reading<T> {
    match bytes {
        Reading::Known(bytes) => parse(&bytes).map_or_else(Reading::Unknown, Reading::Known),
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    }
}
