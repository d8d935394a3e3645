//! Asks the broker for ports of this computer's networks, to which machines are attached.

use std::{os::fd::OwnedFd, time::Duration};

use vmkit_types::Mac;

use crate::{
    Broker, PortReply, PortRequest, Refusal, Reply, Request, SharedNetwork,
    broker::{AT_ONCE, unexpected},
};

/// How long the shared network may take to begin: the former one's last machine may have ended a moment
/// ago, the tools of the firewall run one after the other, and dnsmasq starts.
const SHARED: Duration = Duration::from_secs(30);

/// An open port of a network. It ends with its descriptor, which QEMU inherits.
#[derive(Debug)]
pub struct Tap {
    /// The interface of this computer, such as `vmtap0`.
    pub port: String,
    /// What QEMU reads and writes frames through (`-netdev tap,fd=N`), with virtio's headers.
    pub descriptor: OwnedFd,
    /// How long the bridge passes no frames of a new port on: twice its forward delay if it runs STP.
    pub forwards_after: Duration,
}

impl Broker {
    /// A new port of this bridge.
    ///
    /// # Errors
    /// There is no such bridge, or a right is missing.
    pub fn tap(&self, bridge: &str) -> Result<Tap, Refusal> {
        let (tap, _) = self.port(PortRequest::Bridge(bridge.to_owned()), AT_ONCE)?;
        Ok(tap)
    }

    /// A port with this MAC on the network of a wired adapter. This computer itself cannot be reached
    /// through it.
    ///
    /// # Errors
    /// The adapter carries no other MACs, or a right is missing.
    pub fn macvtap(&self, uplink: &str, mac: Mac) -> Result<Tap, Refusal> {
        let request = PortRequest::Adapter { uplink: uplink.to_owned(), mac: mac.octets() };
        let (tap, _) = self.port(request, AT_ONCE)?;
        Ok(tap)
    }

    /// A new port of the network that machines share. The network begins with its first port.
    ///
    /// # Errors
    /// A program or a right is missing, or this computer uses every network that could be taken.
    pub fn shared_tap(&self) -> Result<(Tap, SharedNetwork), Refusal> {
        match self.port(PortRequest::Shared, SHARED)? {
            (tap, Some(network)) => Ok((tap, network)),
            (_, None) => Err(Refusal::failed("vm-broker did not say which network it shares")),
        }
    }

    fn port(
        &self,
        request: PortRequest,
        patience: Duration,
    ) -> Result<(Tap, Option<SharedNetwork>), Refusal> {
        match self.ask_for_descriptors(&Request::Port(request), &[], patience)? {
            (Reply::Port(reply), mut receiver) => {
                let PortReply { port, forwards_after_ms, shared } = *reply;
                let descriptor = receiver.descriptor().map_err(|error| Refusal::of_wire(&error))?;
                let forwards_after = Duration::from_millis(forwards_after_ms);
                Ok((Tap { port, descriptor, forwards_after }, shared))
            }
            (reply, _) => Err(unexpected(&reply)),
        }
    }
}
