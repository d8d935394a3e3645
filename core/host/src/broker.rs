//! Opens files and sockets for plugins: only what their manifest declares, and only if it is what it
//! should be.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    error::Error as _,
    fs::File,
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::OFlags,
    io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio},
    net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket},
};
use vmkit_capture::CaptureError;
use vmkit_files::Directory;
use vmkit_wire::{Manifest, OpenRefusal, ReadFile, Resource};

use crate::Snapshot;

/// Where signals write their parts of a snapshot's probes.
const PROBE_PARTS: &str = "probes/";
/// Most parts of one signal: it is asked twice.
const MOST_PARTS: u32 = 8;

/// The links that a plugin has sockets on, each opened once.
#[derive(Debug, Default)]
pub(crate) struct RawSockets(HashMap<String, OwnedFd>);

/// What the host may open for a plugin in one call.
#[derive(Clone, Copy)]
pub(crate) struct Grants<'a> {
    /// Its manifest.
    pub(crate) manifest: &'a Manifest,
    /// The console logs of the batch.
    pub(crate) consoles: &'a [Option<PathBuf>],
    /// The sockets of the batch's guest agents.
    pub(crate) guest_agents: &'a [Option<PathBuf>],
    /// Names of the interfaces on which candidates of the batch lie.
    pub(crate) links: &'a [String],
    /// The snapshot that is replayed or recorded.
    pub(crate) snapshot: &'a Snapshot,
}

/// Opens `resource` for a plugin.
pub(crate) fn open(
    grants: Grants<'_>,
    raw_sockets: &mut RawSockets,
    resource: Resource,
    argument: &str,
) -> Result<OwnedFd, OpenRefusal> {
    let Grants { manifest, consoles, guest_agents, links, snapshot } = grants;
    let needs = manifest.needs_here();
    match resource {
        Resource::GuestAgent if snapshot.is_replayed() => {
            Err(absent("a snapshot is replayed: the guest agent's answer is an artefact of it"))
        }
        Resource::GuestAgent if needs.guest_agent => {
            let socket = argument.parse().ok().and_then(|vm: usize| guest_agents.get(vm));
            match socket {
                Some(Some(path)) => connection(path),
                Some(None) => Err(absent("the machine has no channel to a guest agent")),
                None => Err(absent("no machine of the batch has this index")),
            }
        }
        Resource::GuestAgent => {
            Err(refusal(true, "the manifest declares no `guest_agent`".to_owned()))
        }
        Resource::Console if snapshot.is_replayed() => {
            Err(absent("a snapshot is replayed: the console is an artefact of it"))
        }
        Resource::Console if needs.read_files.contains(&ReadFile::Console) => {
            let console = argument.parse().ok().and_then(|vm: usize| consoles.get(vm));
            match console {
                Some(Some(path)) => regular_file(path).map(OwnedFd::from),
                Some(None) => Err(absent("the machine has no console log")),
                None => Err(absent("no machine of the batch has this index")),
            }
        }
        Resource::Console => Err(refusal(true, "the manifest declares no `{console}`".to_owned())),
        Resource::RawSocket if snapshot.is_replayed() => {
            Err(absent("a snapshot is replayed: nothing is sent"))
        }
        Resource::RawSocket if !needs.raw_socket => {
            Err(refusal(true, "the manifest declares no `raw_socket`".to_owned()))
        }
        Resource::RawSocket if links.iter().any(|link| link == argument) => {
            raw_sockets.on(argument)
        }
        Resource::RawSocket => {
            let message =
                format!("no candidate lies on a link of this computer named {argument:?}");
            Err(refusal(true, message))
        }
        Resource::Artefact | Resource::Recording if !manifest.declares_artefact(argument) => {
            Err(refusal(true, format!("the manifest declares no artefact {argument:?}")))
        }
        Resource::Artefact => match snapshot {
            Snapshot::Replay { directory, artefacts, .. } => {
                artefact(directory, artefacts, argument).map(OwnedFd::from)
            }
            _ => Err(absent("no snapshot is replayed")),
        },
        Resource::Recording => match snapshot {
            Snapshot::Recording { directory } => new_file(directory, argument).map(OwnedFd::from),
            _ => Err(absent("no snapshot is recorded")),
        },
        Resource::Unknown => Err(absent("this host does not know the resource")),
    }
}

impl RawSockets {
    /// A copy of the socket on this interface. The socket itself stays open here: closing the last
    /// copy takes the kernel some 16 ms.
    fn on(&mut self, interface: &str) -> Result<OwnedFd, OpenRefusal> {
        let socket = match self.0.entry(interface.to_owned()) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => place.insert(raw_socket(interface)?),
        };
        socket
            .try_clone()
            .map_err(|error| refusal(false, format!("copy the raw socket on {interface}: {error}")))
    }
}

fn raw_socket(interface: &str) -> Result<OwnedFd, OpenRefusal> {
    vmkit_capture::open_arp_socket(interface).map_err(|error| {
        if let CaptureError::Unsupported { .. } = error {
            return absent("this system has no raw sockets that can be handed over");
        }
        let message = match error.source() {
            _ if error.is_denied() => format!(
                "asking by ARP on {interface} takes root's rights (CAP_NET_RAW); without, two \
                 two machines at one address cannot be told apart"
            ),
            Some(source) => format!("open a raw socket: {error}: {source}"),
            None => format!("open a raw socket: {error}"),
        };
        refusal(error.is_denied(), message)
    })
}

/// Opens a file of the snapshot that is replayed.
fn artefact(
    directory: &Directory,
    artefacts: &BTreeSet<String>,
    name: &str,
) -> Result<File, OpenRefusal> {
    let opened = if artefacts.contains(name) { directory.open_file(name) } else { Ok(None) };
    let path = directory.path().join(name);
    let failed = |error: io::Error| OpenRefusal {
        denied: error.kind() == io::ErrorKind::PermissionDenied,
        not_found: false,
        message: format!("open {}: {error}", path.display()),
    };
    opened.map_err(failed)?.ok_or_else(|| absent("the snapshot has no such artefact"))
}

/// Makes a file of a snapshot. Parts of the probes are numbered, for a signal that is asked twice
/// records twice, and all of them become one document.
fn new_file(directory: &Directory, name: &str) -> Result<File, OpenRefusal> {
    let mut created = directory.create(name);
    let part = name.strip_prefix(PROBE_PARTS).and_then(|part| part.strip_suffix(".json"));
    for number in 2..=MOST_PARTS {
        let exists = |error: &io::Error| error.kind() == io::ErrorKind::AlreadyExists;
        let Some(part) = part.filter(|_| created.as_ref().is_err_and(exists)) else { break };
        created = directory.create(&format!("{PROBE_PARTS}{part}-{number}.json"));
    }
    let path = directory.path().join(name);
    created.map_err(|error| refusal(false, format!("create {}: {error}", path.display())))
}

/// Opens a regular file for reading. A guest's log lies where other programs write, so what
/// stands in its place is checked on the open file, and nothing can block.
fn regular_file(path: &Path) -> Result<File, OpenRefusal> {
    let failed = |error: &io::Error| OpenRefusal {
        denied: error.kind() == io::ErrorKind::PermissionDenied,
        not_found: error.kind() == io::ErrorKind::NotFound,
        message: if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
            format!("{} is a symbolic link", path.display())
        } else {
            format!("open {}: {error}", path.display())
        },
    };
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY).bits();
    let file = File::options()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(path)
        .map_err(|error| failed(&error))?;
    let kind = file.metadata().map_err(|error| failed(&error))?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    let what = if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a named pipe"
    } else {
        "a device or socket"
    };
    Err(refusal(false, format!("{} is {what}, not a regular file", path.display())))
}

/// Connects to a guest agent's channel. It never waits: a listener takes a connection at once, or
/// its queue is full because QEMU serves one client at a time.
fn connection(path: &Path) -> Result<OwnedFd, OpenRefusal> {
    let failed = |error: io::Error| OpenRefusal {
        denied: error.kind() == io::ErrorKind::PermissionDenied,
        not_found: error.kind() == io::ErrorKind::NotFound,
        message: format!("connect to {}: {error}", path.display()),
    };
    // A symbolic link could lead to another program's socket.
    let kind = path.symlink_metadata().map_err(failed)?.file_type();
    if !kind.is_socket() {
        return Err(refusal(false, format!("{} is not a socket", path.display())));
    }
    let connected = || {
        let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
        fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
        ioctl_fionbio(&socket, true)?;
        connect(&socket, &SocketAddrUnix::new(path)?)?;
        ioctl_fionbio(&socket, false)?;
        Ok(socket)
    };
    connected().map_err(|error: Errno| match error {
        Errno::AGAIN => refusal(false, format!("{} is in use by another program", path.display())),
        error => failed(error.into()),
    })
}

fn refusal(denied: bool, message: String) -> OpenRefusal {
    OpenRefusal { denied, not_found: false, message }
}

fn absent(message: &str) -> OpenRefusal {
    OpenRefusal { denied: false, not_found: true, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_probes_may_be_recorded_twice_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::open(place.path()).unwrap();
        let rows = [
            ("probes/tcp.json", true),
            ("probes/tcp.json", true),
            ("probes/tcp.json", true),
            ("dns.json", true),
            ("dns.json", false),
        ];
        for (name, expected) in rows {
            assert_eq!(new_file(&directory, name).is_ok(), expected, "{name}");
        }
        let (names, _) = directory.below("probes").unwrap().unwrap().names(10).unwrap();
        assert_eq!(names, ["tcp-2.json", "tcp-3.json", "tcp.json"]);
    }
}
