//! What a plugin needs: rights on this computer, and pages of the gateway.

use serde::{Deserialize, Serialize};
use vmkit_types::is_page_path;

use crate::local_api::LocalApi;

/// What a plugin needs from the system. Its worker can do nothing else.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key that a manifest sets on its own")]
pub struct Needs {
    /// TCP, UDP and ICMP sockets.
    pub network: bool,
    /// Reading the kernel's neighbour table (routing netlink).
    pub neighbour_table: bool,
    /// Who answers ARP for the candidates, asked by the host. Earlier versions handed over a socket.
    #[serde(alias = "raw_socket")]
    pub arp: bool,
    /// What the machines' guest agents report, asked by the host.
    pub guest_agent: bool,
    /// The SSH host keys that the machines are known by.
    pub host_keys: bool,
    /// Files to read.
    pub read_files: Vec<ReadFile>,
    /// File names of programs whose processes an inventory sees, with their command lines; a `*` may end
    /// one. The process of a machine that it lists must run one of them.
    pub processes: Vec<String>,
    /// Services of managers on this computer that the host asks for an inventory.
    pub local_api: Vec<LocalApi>,
    /// Programs to run on macOS, by absolute path. On Linux a worker has no children.
    pub exec: Vec<String>,
}

/// What a plugin reads, as one entry of `read_files`.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(from = "String", into = "String")]
pub enum ReadFile {
    /// The machines' console logs, which the host opens: `{console}`.
    Console,
    /// Files by their path, which the host opens: absolute, or below `{home}/`. Two components may hold a
    /// `*`.
    Path(String),
}

/// How a manifest writes [`ReadFile::Console`].
const CONSOLE: &str = "{console}";

impl From<String> for ReadFile {
    fn from(entry: String) -> Self {
        if entry == CONSOLE { Self::Console } else { Self::Path(entry) }
    }
}

impl From<ReadFile> for String {
    fn from(file: ReadFile) -> Self {
        match file {
            ReadFile::Console => CONSOLE.to_owned(),
            ReadFile::Path(path) => path,
        }
    }
}

/// A page of the gateway.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
pub struct GatewayPage {
    /// Path from the `/` on.
    pub path: String,
    /// Path of the page that the request names as its referrer, if the gateway requires one.
    #[serde(default)]
    pub referer: Option<String>,
}

impl GatewayPage {
    /// Whether both are paths of pages, without a query.
    pub(crate) fn is_plain(&self) -> bool {
        is_page_path(&self.path) && self.referer.as_deref().is_none_or(is_page_path)
    }
}
