//! Reads the files of a home and of its instances.

use serde_json::Value;
use vmkit_formats::{
    MAX_BYTES,
    pairs::{self, Dialect, Section},
    yaml,
};
use vmkit_plugin::{Cx, Reading, Result, Unread};

use crate::{
    files::{CONFIGURATION, DRIVERS, HOST_AGENT_PID, NETWORKS, SSH},
    network::Networks,
};

/// Longest pid file, in bytes: a number and a line break.
const PID_LIMIT: u64 = 64;

/// Longest file that is read, in bytes.
const LIMIT: u64 = MAX_BYTES as u64;

/// A home of Lima.
pub(crate) struct Home {
    /// As the manifest names it, below `{home}`.
    path: &'static str,
    /// The networks that instances refer to by name.
    pub(crate) networks: Networks,
}

/// A process that a pid file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pid {
    pub(crate) number: u32,
    /// The user whom the file belongs to.
    pub(crate) owner: u32,
}

/// The files of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// Its directory.
    pub(crate) directory: String,
    /// Its name, which is that of the directory.
    pub(crate) name: String,
    pub(crate) configuration: Reading<Value>,
    pub(crate) ssh: Reading<Vec<Section>>,
    pub(crate) host_agent: Reading<Pid>,
    /// The processes in its drivers' pid files.
    pub(crate) drivers: Vec<(&'static str, Reading<Pid>)>,
    /// The names of its serial logs that exist.
    pub(crate) consoles: Result<Vec<String>, Unread>,
}

impl Home {
    pub(crate) fn read(path: &'static str, cx: &Cx<'_>) -> Self {
        let networks =
            cx.parse_file(&format!("{path}/{NETWORKS}"), LIMIT, |text| yaml::parse(text));
        Self { path, networks: Networks::new(networks) }
    }

    pub(crate) fn instances(&self, cx: &Cx<'_>) -> Result<Vec<Instance>> {
        let list = |name: &str| cx.files(&format!("{}/*/{name}", self.path));
        let consoles = list("serial*.log").map_err(Unread::from);
        let mut instances = Vec::new();
        for configuration in list(CONFIGURATION)? {
            cx.check()?;
            let Some(directory) = configuration.strip_suffix(CONFIGURATION) else { continue };
            let name = directory.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            // Names that begin so are Lima's own directories.
            if !name.starts_with('_') {
                instances.push(read(directory, name, &consoles, cx));
            }
        }
        Ok(instances)
    }
}

/// Reads the instance in a directory, whose path ends with a slash.
fn read(
    directory: &str,
    name: &str,
    consoles: &Result<Vec<String>, Unread>,
    cx: &Cx<'_>,
) -> Instance {
    let own = |path: &String| path.strip_prefix(directory).map(str::to_owned);
    let consoles = consoles.as_ref().map(|logs| logs.iter().filter_map(own).collect());
    let path = |file: &str| format!("{directory}{file}");
    let pid = |file: &str| read_pid(&path(file), cx);
    let ssh = |text: &[u8]| pairs::parse(text, Dialect::Ssh);
    Instance {
        directory: directory.to_owned(),
        name: name.to_owned(),
        configuration: cx.parse_file(&path(CONFIGURATION), LIMIT, |text| yaml::parse(text)),
        ssh: cx.parse_file(&path(SSH), LIMIT, ssh),
        host_agent: pid(HOST_AGENT_PID),
        drivers: DRIVERS.map(|driver| (driver, pid(&format!("{driver}.pid")))).to_vec(),
        consoles: consoles.map_err(Clone::clone),
    }
}

/// The process that the pid file at this path names.
fn read_pid(path: &str, cx: &Cx<'_>) -> Reading<Pid> {
    let file = match vmkit_listing::read(cx, path, PID_LIMIT) {
        Reading::Known(file) => file,
        Reading::Absent => return Reading::Absent,
        Reading::Unknown(why) => return Reading::Unknown(why),
    };
    let number = str::from_utf8(&file.bytes).ok().and_then(|text| text.trim().parse().ok());
    match number {
        Some(number) if number != 0 => Reading::Known(Pid { number, owner: file.owner }),
        _ => Reading::Unknown(file.malformed("is not the number of a process")),
    }
}
