//! Ports that are forwarded to an instance, and its disks.

use std::net::SocketAddr;

use vmkit_listing::Json;
use vmkit_plugin::{Forward, Protocol, Reading};

/// Most devices of a kind that are read.
const MOST: usize = 64;

/// Forwarded ports: devices of the type `proxy` that listen on the host, `tcp:0.0.0.0:2222`, and connect
/// inside, `tcp:127.0.0.1:22`.
pub(crate) fn forwards(instance: Json<'_>) -> Reading<Vec<Forward>> {
    let forward = |device: Json<'_>| {
        if device.text("/bind") == Reading::Known("instance") {
            return None;
        }
        let (protocol, listens) = end(device.text("/listen").known()?)?;
        let (inside, guest) = end(device.text("/connect").known()?)?;
        // Which address of the guest is meant is its own matter: it is loopback inside.
        let guest_address = Some(guest.ip()).filter(|address| !address.is_loopback());
        let guest_port = guest.port();
        let forward = Forward { protocol, listens, guest_address, guest_port };
        (protocol == inside).then_some(forward)
    };
    devices(instance, "proxy").map(|devices| devices.into_iter().filter_map(forward).collect())
}

/// Disks that are files or devices of the host. The root disk is in a storage pool of the daemon's.
pub(crate) fn disks(instance: Json<'_>) -> Reading<Vec<String>> {
    let path = |device: Json<'_>| {
        // With a path inside it is a folder that is shared.
        let is_disk = !device.has("/path") && !device.has("/pool");
        let source = device.text("/source").known().filter(|path| path.starts_with('/'));
        source.filter(|_| is_disk).map(str::to_owned)
    };
    devices(instance, "disk").map(|devices| devices.into_iter().filter_map(path).collect())
}

fn devices<'a>(instance: Json<'a>, kind: &str) -> Reading<Vec<Json<'a>>> {
    let is_of_kind = |device: &Json<'_>| device.text("/type") == Reading::Known(kind);
    instance.entries("/expanded_devices").map(|devices| {
        let devices = devices.into_iter().map(|(_, device)| device);
        devices.filter(is_of_kind).take(MOST).collect()
    })
}

/// `tcp:127.0.0.1:22`. Ranges of ports and sockets are no single port.
fn end(text: &str) -> Option<(Protocol, SocketAddr)> {
    let (protocol, address) = text.split_once(':')?;
    let protocol = match protocol {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return None,
    };
    Some((protocol, address.parse().ok().filter(|address: &SocketAddr| address.port() != 0)?))
}
