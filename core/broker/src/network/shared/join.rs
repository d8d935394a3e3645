//! A port of the network, which begins with its first.

use std::{
    io,
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::CommandExt as _},
    },
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use vmkit_rights::{Refusal, Reply};
use vmkit_wire::Receiver;

use super::{
    super::{names::refusal, netlink::Netlink, port::Port, tap::attach},
    keeper, network, place,
    state::State,
};

/// How long the keeper may take to begin: the tools of the firewall, which wait for each other, and
/// dnsmasq.
const BEGIN: Duration = Duration::from_secs(25);

/// A tap in the network.
pub(crate) fn port(netlink: &mut Netlink) -> Result<Port, Refusal> {
    if !rustix::process::geteuid().is_root() {
        return Err(Refusal::denied("the shared network needs root (sudo)"));
    }
    let failed = |error: io::Error| refusal("join the shared network", &error);
    place::make().map_err(failed)?;
    let deadline = Instant::now() + place::DOOR;
    let busy = || Refusal::failed("others begin or end the shared network for too long");
    // Until the port is in the bridge, so that the network does not end before.
    let _door = place::door(deadline).map_err(failed)?.ok_or_else(busy)?;
    // Without a keeper the lock is free, and given back at once.
    if place::keepers_lock().map_err(failed)?.is_some() {
        begin()?;
    }
    let unknown = || Refusal::failed("the keeper of the shared network has not said which it is");
    let state = State::read().ok_or_else(unknown)?;
    let elsewhere = || {
        Refusal::failed("the shared network is kept in another network namespace of this computer")
    };
    let bridge = network::bridge(netlink)?.ok_or_else(elsewhere)?;
    let mut port = attach(netlink, &bridge)?;
    port.reply.shared = Some(state.network);
    Ok(port)
}

/// Starts the keeper, and returns once the network serves.
fn begin() -> Result<(), Refusal> {
    let failed = |error: io::Error| refusal("start the keeper of the shared network", &error);
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    Command::new("/proc/self/exe")
        .arg0("vm-broker")
        .arg(keeper::MODE)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(OwnedFd::from(theirs))
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let reply = Receiver::default().receive(&ours, Some(Instant::now() + BEGIN));
    match reply {
        Ok(Reply::Done) => Ok(()),
        Ok(Reply::Refused(refusal)) => Err(refusal),
        Ok(_) => Err(Refusal::failed("the keeper of the shared network said something else")),
        Err(error) => {
            Err(Refusal::failed(format!("the keeper of the shared network did not begin: {error}")))
        }
    }
}
