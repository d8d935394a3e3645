//! Removes a macvtap once nobody has its device open: unlike a tap, it would outlive its machine.
//!
//! A process of its own waits for that, since `vm` and the broker end before the machine does. Its
//! standard input is the kernel's notice that the device was closed, and no user's.

use std::{
    io,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::process::CommandExt as _,
    },
    process::{Command, Stdio},
    time::Duration,
};

use netlink_packet_route::link::InfoKind;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{device, link::Link, names::is_own, netlink::Netlink};

/// Pauses between looks after the first notice: at first imperceptible, in the end without a load.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The word of this mode on the command line, followed by the interface's number.
pub(crate) const MODE: &str = "watch-macvtap";

/// Starts the process.
pub(super) fn start(index: u32, end: OwnedFd) -> io::Result<()> {
    Command::new("/proc/self/exe")
        .arg0("vm-broker")
        .args([MODE, &index.to_string()])
        .env_clear()
        .current_dir("/")
        .stdin(end)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
}

/// Waits and removes the interface of this number.
pub(crate) fn run(index: u32) -> io::Result<()> {
    let mut notices = [0; 4096];
    // A notice of the time before this process began waits, too.
    rustix::io::retry_on_intr(|| rustix::io::read(io::stdin().as_fd(), &mut notices))?;
    let mut pause = SHORTEST_PAUSE;
    while !is_removed(index).unwrap_or(false) {
        // The kernel was busy, or another program of root's closed it while the machine runs.
        let until = Timespec::try_from(pause).map_err(io::Error::other)?;
        let stdin = io::stdin();
        let mut ended = [PollFd::new(&stdin, PollFlags::empty())];
        rustix::io::retry_on_intr(|| poll(&mut ended, Some(&until)))?;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(())
}

/// Removes it, unless a process has it open.
fn is_removed(index: u32) -> io::Result<bool> {
    let mut netlink = Netlink::open()?;
    match netlink.link_at(index)?.filter(is_macvtap) {
        None => Ok(true),
        Some(link) if is_held(&link) => Ok(false),
        Some(_) => netlink.remove_link(index).map(|()| true),
    }
}

/// Whether it is a macvtap that the broker made.
pub(super) fn is_macvtap(link: &Link) -> bool {
    link.kind == Some(InfoKind::MacVtap) && is_own(link)
}

/// Whether a process has it open, as only root can say. Unknown counts as yes: others, such as the capture
/// group, see no descriptors of other users.
pub(super) fn is_held(link: &Link) -> bool {
    !rustix::process::geteuid().is_root() || device::is_open(&link.name).unwrap_or(true)
}
