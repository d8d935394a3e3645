//! Writes the system's hosts file: vmkit's block of it and nothing else.

use std::{io::Read as _, net::IpAddr, os::unix::net::UnixStream, path::Path, time::Duration};

use vmkit_hosts::{
    Bounds, CacheFlush, Current, Store, StoreError, WriteMethod, check_change, digest,
    flush_caches, own_names,
};
use vmkit_platform::Platform as _;
use vmkit_rights::{HostsReply, Refusal};
use vmkit_types::{Reading, error_chain};

/// The system's hosts file.
const FILE: &str = "/etc/hosts";
/// How much the file may grow at once, in octets: by a block of 10,000 lines.
const GROWTH: u64 = 1 << 20;
/// How long the new contents may take to arrive: they are written at once.
const ARRIVAL: Duration = Duration::from_secs(30);

/// Replaces the contents that have this digest by those that come from the socket, which is read only if
/// they still are those.
pub(crate) fn replace(base: [u8; 32], from: UnixStream) -> Result<HostsReply, Refusal> {
    let read = |error| Refusal::failed(format!("read the new hosts file: {error}"));
    from.set_read_timeout(Some(ARRIVAL)).map_err(read)?;
    let Reading::Known(network) = vmkit_platform::current().network() else {
        return Err(Refusal::failed("this computer's networks are unknown"));
    };
    change(base, |writer, current| {
        let longest = current.bytes.len() as u64 + GROWTH;
        let mut new = Vec::new();
        from.take(longest + 1).read_to_end(&mut new).map_err(read)?;
        if new.len() as u64 > longest {
            let message = format!("the new hosts file is more than {} KiB longer", GROWTH >> 10);
            return Err(Refusal::denied(message));
        }
        let is_near = |address: IpAddr| network.on_link(address).is_some();
        let bounds = Bounds { own_names: &own_names(), is_near: &is_near };
        check_change(&current.bytes, &new, &bounds)
            .map_err(|error| Refusal::denied(error.to_string()))?;
        writer.write(current, &new).map_err(|error| refusal(&error))
    })
}

/// Restores the backup, if the contents have this digest.
pub(crate) fn undo(base: [u8; 32]) -> Result<HostsReply, Refusal> {
    change(base, |writer, current| writer.undo(current).map_err(|error| refusal(&error)))
}

/// Changes the file under its lock.
fn change(
    base: [u8; 32],
    change: impl FnOnce(&vmkit_hosts::Writer<'_>, &Current) -> Result<WriteMethod, Refusal>,
) -> Result<HostsReply, Refusal> {
    let store = Store::at(Path::new(FILE)).map_err(|error| refusal(&error))?;
    let writer = store.lock().map_err(|error| refusal(&error))?;
    let current = store.read().map_err(|error| refusal(&error))?;
    if digest(&current.bytes) != base {
        return Ok(HostsReply::Changed);
    }
    let method = change(&writer, &current)?;
    drop(writer);
    let flushed = flush_caches(&store).into_iter();
    Ok(HostsReply::Written {
        in_place: method == WriteMethod::InPlace,
        caches: flushed.map(|CacheFlush { command, outcome }| (command, outcome)).collect(),
    })
}

fn refusal(error: &StoreError) -> Refusal {
    Refusal { denied: error.lacks_rights(), message: error_chain(error) }
}
