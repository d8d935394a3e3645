//! Keeps the network while it has machines.

use std::{
    fs::File,
    io,
    os::fd::{AsFd as _, OwnedFd},
    os::unix::net::UnixStream,
    process::Child,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, pidfd_open},
};
use vmkit_attach::{SHARED_BRIDGE, free_subnet};
use vmkit_rights::{Refusal, Reply, SharedNetwork};
use vmkit_wire::send;

use super::{
    super::{leftovers, link::Link, names::refusal, netlink::Netlink},
    dnsmasq, firewall,
    network::{self, ports},
    place,
    state::State,
};

/// The word of this mode on the command line.
pub(crate) const MODE: &str = "keep-shared-network";

/// How long the network stays without machines: one that restarts finds it as it was.
const GRACE: Duration = Duration::from_secs(5);
/// How long changes of this computer's networks are gathered before they are looked at.
const CROWD: Duration = Duration::from_millis(200);
/// How long after a look in vain, since the kernel was busy, the next one comes.
const NEXT_LOOK: Duration = Duration::from_secs(1);
/// Least time between two starts of a dnsmasq that ends.
const RESTART: Duration = Duration::from_secs(10);

struct Keeper {
    netlink: Netlink,
    events: Netlink,
    bridge: Link,
    state: State,
    dnsmasq: Child,
    /// How many machines were on it at the last look.
    machines: usize,
    /// When dnsmasq was last started.
    started: Instant,
    /// Held to the end.
    _lock: File,
}

/// Begins the network, says so at the standard output, and keeps it to its end.
pub(crate) fn run() -> io::Result<()> {
    let starter = UnixStream::from(io::stdout().as_fd().try_clone_to_owned()?);
    let (reply, keeper) = match begin() {
        Ok(keeper) => (Reply::Done, keeper),
        Err(refusal) => (Reply::Refused(refusal), None),
    };
    // A starter who has left joins no more; the network then ends, since it gets no machine.
    send(&starter, &reply, &[]).ok();
    starter.shutdown(std::net::Shutdown::Both).ok();
    drop(starter);
    keeper.map_or(Ok(()), Keeper::keep)
}

/// Makes the network. `None`: another keeper has it.
fn begin() -> Result<Option<Keeper>, Refusal> {
    let failed = |error: io::Error| refusal("begin the shared network", &error);
    place::make().map_err(failed)?;
    let Some(lock) = place::keepers_lock().map_err(failed)? else { return Ok(None) };
    let mut netlink = Netlink::open().map_err(failed)?;
    let events = Netlink::of_networks().map_err(failed)?;
    // What stays is removed with the next port.
    leftovers::remove(&mut netlink).ok();
    let mut state = former(&mut netlink)?;
    let mut made = make(&mut netlink, &mut state);
    if let Err(refusal) = &mut made {
        // The reason of the failure comes first.
        let left = network::take_back(&mut netlink, &state);
        if let Err(error) = network::remove(&mut netlink, left.as_ref()) {
            let also = format!("; what is left of the network cannot be written down: {error}");
            refusal.message.push_str(&also);
        }
    }
    let (bridge, dnsmasq) = made?;
    let started = Instant::now();
    let machines = 0;
    Ok(Some(Keeper { netlink, events, bridge, state, dnsmasq, machines, started, _lock: lock }))
}

/// Takes back what a keeper that was killed has left, but for a network that still has machines.
fn former(netlink: &mut Netlink) -> Result<State, Refusal> {
    let failed = |error: io::Error| refusal("look for machines", &error);
    let former = State::read();
    let left = former.as_ref().and_then(|former| network::take_back(netlink, former));
    let bridge = network::bridge(netlink)?;
    let in_use = bridge.map(|bridge| ports(netlink, &bridge)).transpose().map_err(failed)?;
    let unforwarded = network::unforwarded(netlink).map_err(failed)?;
    let accepts_redirects = network::accepts_redirects();
    if let (Some(1..), Some(former)) = (in_use, former) {
        let network = SharedNetwork { warnings: Vec::new(), ..former.network };
        let state = State { network, unforwarded, accepts_redirects, openings: Vec::new() };
        return Ok(state.with(left));
    }
    network::remove(netlink, left.as_ref())
        .map_err(|error| refusal("write down what is left of the shared network", &error))?;
    let subnet = free_subnet(&network::of_the_computer()?, SHARED_BRIDGE).ok_or_else(|| {
        Refusal::failed("this computer uses every network that its machines could share")
    })?;
    let network = SharedNetwork {
        bridge: SHARED_BRIDGE.to_owned(),
        gateway: subnet.gateway,
        prefix: subnet.prefix,
        moved_because: subnet.moved_because,
        overlaps: None,
        warnings: Vec::new(),
    };
    Ok(State { network, unforwarded, accepts_redirects, openings: Vec::new() }.with(left))
}

fn make(netlink: &mut Netlink, state: &mut State) -> Result<(Link, Child), Refusal> {
    let failed = |error: io::Error| refusal("write down the shared network", &error);
    state.write().map_err(failed)?;
    let subnet = network::subnet(&state.network);
    let bridge = network::make_bridge(netlink, &subnet)?;
    firewall::set(&subnet, &state.unforwarded)?;
    network::open(state).map_err(failed)?;
    network::forward()?;
    let dnsmasq = dnsmasq::start(&subnet)?;
    state.write().map_err(failed)?;
    Ok((bridge, dnsmasq))
}

impl Keeper {
    /// Waits until no machine was on the network for a while, then removes it.
    fn keep(mut self) -> io::Result<()> {
        let mut empty_since = Some(Instant::now());
        let mut is_unknown = false;
        loop {
            let deadline = empty_since.map(|since: Instant| since + GRACE);
            let is_over = deadline.is_some_and(|deadline| deadline <= Instant::now());
            // Where the kernel or the door is busy, machines keep their network until the next look.
            if is_over && let Ok(Some(_door)) = self.closed_door() {
                return self.end();
            }
            let next_look = is_unknown.then(|| Instant::now() + NEXT_LOOK);
            self.wait(next_look.or(deadline))?;
            self.serve();
            // A port can stay without a machine only by what its holder did.
            leftovers::remove(&mut self.netlink).ok();
            self.look_for_overlaps();
            self.close_what_came();
            let machines = ports(&mut self.netlink, &self.bridge);
            is_unknown = machines.is_err();
            let Ok(machines) = machines else { continue };
            if machines > std::mem::replace(&mut self.machines, machines) {
                self.mend();
            }
            if machines > 0 {
                empty_since = None;
            } else if self.state.network.overlaps.is_some() {
                // The next one is elsewhere.
                empty_since = Instant::now().checked_sub(GRACE);
            } else {
                empty_since.get_or_insert_with(Instant::now);
            }
        }
    }

    /// Waits for a change of this computer's networks, the end of dnsmasq, or the deadline.
    fn wait(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let pid = i32::try_from(self.dnsmasq.id()).ok().and_then(Pid::from_raw);
        let ended = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        // One that has just been started again is looked at later.
        let retry = self.started + RESTART;
        let watched: Option<&OwnedFd> = ended.as_ref().filter(|_| retry <= Instant::now());
        let mut until = deadline;
        if watched.is_none() {
            until = Some(deadline.map_or(retry, |deadline| deadline.min(retry)));
        }
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
        let mut sources = vec![PollFd::new(&self.events, PollFlags::IN)];
        sources.extend(watched.map(|ended| PollFd::new(ended, PollFlags::IN)));
        rustix::io::retry_on_intr(|| poll(&mut sources, left.as_ref()))?;
        // Changes come in crowds, and nobody waits for this.
        let crowd = Timespec::try_from(CROWD).map_err(io::Error::other)?;
        rustix::io::retry_on_intr(|| poll(&mut [], Some(&crowd)))?;
        self.events.forget()
    }

    /// Starts dnsmasq again if it has ended.
    fn serve(&mut self) {
        if self.started + RESTART > Instant::now() || matches!(self.dnsmasq.try_wait(), Ok(None)) {
            return;
        }
        self.started = Instant::now();
        if let Ok(dnsmasq) = dnsmasq::start(&network::subnet(&self.state.network)) {
            self.dnsmasq = dnsmasq;
        }
    }

    /// Writes down whether another network has come to overlap this one.
    fn look_for_overlaps(&mut self) {
        let overlaps = network::overlap(&self.state.network);
        if overlaps != self.state.network.overlaps {
            self.state.network.overlaps = overlaps;
            // Without it, the next one to join does not hear of it.
            self.state.write().ok();
        }
    }

    /// Puts rules in place that others have flushed, and opens chains that have come since.
    fn mend(&mut self) {
        let subnet = network::subnet(&self.state.network);
        // What fails is tried again with the next machine.
        firewall::set(&subnet, &self.state.unforwarded).ok();
        network::open(&mut self.state).ok();
        self.state.write().ok();
    }

    /// Forwards nothing between others and what has come since, if it did not before.
    fn close_what_came(&mut self) {
        if self.state.unforwarded.is_empty() {
            return;
        }
        // What fails is tried again with the next change.
        let came = network::came_since(&mut self.netlink, &self.state.unforwarded);
        let Some(came) = came.ok().filter(|came| !came.is_empty()) else { return };
        let unforwarded = [self.state.unforwarded.as_slice(), &came].concat();
        let subnet = network::subnet(&self.state.network);
        if firewall::set(&subnet, &unforwarded).is_ok() {
            self.state.unforwarded = unforwarded;
            self.state.write().ok();
        }
    }

    /// The door, while nobody joins; `None`: somebody has joined meanwhile.
    fn closed_door(&mut self) -> io::Result<Option<File>> {
        let door = place::door(Instant::now() + place::DOOR)?;
        let ports = ports(&mut self.netlink, &self.bridge)?;
        Ok(door.filter(|_| ports == 0))
    }

    /// Removes the network.
    fn end(&mut self) -> io::Result<()> {
        // Fails if it has ended.
        self.dnsmasq.kill().ok();
        self.dnsmasq.wait().ok();
        let left = network::take_back(&mut self.netlink, &self.state);
        network::remove(&mut self.netlink, left.as_ref())
    }
}
