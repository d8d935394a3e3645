//! A tap in a bridge.

use std::{
    io,
    os::fd::{AsFd as _, OwnedFd},
};

use netlink_packet_route::link::{InfoKind, LinkAttribute};
use tun_rs::{DeviceBuilder, Layer};
use vmkit_rights::Refusal;

use super::{
    link::Link,
    names::{NAME, alias, refusal},
    netlink::Netlink,
    port::Port,
};

/// The first octet of a tap's MAC. A bridge without a MAC of its own takes the lowest of its ports', and
/// would change it with each machine.
const HIGH: u8 = 0xfe;

/// Longest name of an interface, in octets.
const LONGEST_NAME: usize = 15;

/// The bridge of this name.
pub(super) fn bridge(netlink: &mut Netlink, name: &str) -> Result<Link, Refusal> {
    if name.len() > LONGEST_NAME {
        let message = format!("a bridge's name has at most {LONGEST_NAME} octets");
        return Err(Refusal::failed(message));
    }
    let link = netlink.link(name).map_err(|error| refusal(&format!("look up {name:?}"), &error))?;
    match link {
        // The kernel also knows interfaces by further names of theirs.
        Some(link) if link.kind == Some(InfoKind::Bridge) && link.name == name => Ok(link),
        Some(_) => Err(Refusal::denied(format!("{name:?} is not a bridge"))),
        None => Err(Refusal::failed(format!("there is no bridge {name:?}"))),
    }
}

/// Makes a tap and puts it into the bridge. It ends with its descriptor.
pub(super) fn attach(netlink: &mut Netlink, bridge: &Link) -> Result<Port, Refusal> {
    let (name, descriptor) = open().map_err(|error| refusal("open a tap", &error))?;
    let into = format!("put a tap into the bridge {}", bridge.name);
    let failed = |error: io::Error| refusal(&into, &error);
    let gone = || Refusal::failed(format!("{into}: {name} has vanished"));
    let tap = netlink.link(&name).map_err(failed)?.ok_or_else(gone)?;
    let mut attributes = vec![
        LinkAttribute::Address(above(tap.mac, &bridge.mac)),
        LinkAttribute::IfAlias(alias()),
        LinkAttribute::Controller(bridge.index),
    ];
    // A port with a smaller one would lower that of the bridge.
    attributes.extend(bridge.mtu.map(LinkAttribute::Mtu));
    netlink.set_up(tap.index, attributes).map_err(failed)?;
    Ok(Port::new(name, descriptor, bridge.forwards_after))
}

/// A MAC that is higher than the bridge's, with as many of these random octets as that leaves.
fn above(mut mac: Vec<u8>, bridge: &[u8]) -> Vec<u8> {
    mac.iter_mut().take(1).for_each(|octet| *octet = HIGH);
    for place in 1..mac.len() {
        if mac.as_slice() > bridge {
            break;
        }
        mac[place] = u8::MAX;
    }
    mac
}

fn open() -> io::Result<(String, OwnedFd)> {
    let builder = DeviceBuilder::new().name(NAME).layer(Layer::L2).offload(true);
    let device = builder.inherit_enable_state().build_sync()?;
    Ok((device.name()?, device.as_fd().try_clone_to_owned()?))
}

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn a_taps_mac_is_above_that_of_its_bridge() {
        let random = [0x3a, 0x9a, 0xfd, 0x1d, 0x51, 0xb3];
        let rows = [
            // A card of a computer, and a bridge with a random MAC.
            ([0x3c, 0x22, 0xfb, 1, 2, 3], [0xfe, 0x9a, 0xfd, 0x1d, 0x51, 0xb3]),
            ([0xfe, 0x10, 0xaf, 0x10, 0x88, 0x8f], [0xfe, 0x9a, 0xfd, 0x1d, 0x51, 0xb3]),
            // A bridge that has its MAC of another tap.
            ([0xfe, 0xc0, 0xaf, 0x10, 0x88, 0x8f], [0xfe, 0xff, 0xfd, 0x1d, 0x51, 0xb3]),
            ([0xfe, 0xff, 0xfe, 0x10, 0x88, 0x8f], [0xfe, 0xff, 0xff, 0x1d, 0x51, 0xb3]),
        ];
        for (bridge, expected) in rows {
            assert_eq!(above(random.to_vec(), &bridge), expected, "{bridge:x?}");
        }
        // Without an address of its own.
        assert_eq!(above(random.to_vec(), &[])[0], 0xfe);
        assert_eq!(above(Vec::new(), &[1]), [0; 0]);
    }
}
