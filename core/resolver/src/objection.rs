//! Why the resolver is not configured.

use std::{io, net::IpAddr, path::PathBuf};

use crate::{PORT, Suffix};

/// Why no file is written or removed.
#[derive(Debug, thiserror::Error)]
pub enum Objection {
    /// Other computers could reach the address.
    #[error("{0} is not a loopback address: names are served to this computer only")]
    NotLoopback(IpAddr),
    /// This system's resolver reads no such file.
    #[error("no file can configure this computer's resolver")]
    NoFile {
        /// The domain.
        suffix: Suffix,
        /// The server's address.
        server: IpAddr,
    },
    /// After the server has ended, any user could answer in its place.
    #[error(
        "any user of this computer can bind port {PORT}, and would answer in place of `vm dns` once it \
         has ended"
    )]
    PortForEverybody {
        /// The first port that needs no rights; `None`: this system asks for none.
        first_free: Option<u16>,
    },
    /// Somebody else's file.
    #[error("{} exists and is not vmkit's", .0.display())]
    Foreign(PathBuf),
    /// Another file sets servers for all domains.
    #[error(
        "{0} sets DNS servers for all domains, and this version of systemd would mix them with vmkit's"
    )]
    OtherServers(String),
    /// A system call failed.
    #[error("cannot {operation} {}: {source}", path.display())]
    System {
        /// The operation.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl Objection {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFile { suffix, server } => format!(
                "make it ask {server} for *.{suffix}; with dnsmasq: server=/{suffix}/{server}"
            ),
            Self::PortForEverybody { first_free: Some(_) } => {
                "sudo sysctl -w net.ipv4.ip_unprivileged_port_start=1024".to_owned()
            }
            Self::PortForEverybody { first_free: None } => {
                "the hosts file serves all programs too: sudo vm hosts-sync --apply".to_owned()
            }
            Self::Foreign(_) => "move it away or choose another --suffix".to_owned(),
            Self::OtherServers(_) => {
                "remove `DNS=` there, or set the servers of each link".to_owned()
            }
            Self::NotLoopback(_) | Self::System { .. } => return None,
        })
    }
}
