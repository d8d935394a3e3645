//! Asks the kernel over routing netlink.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP};
use netlink_packet_route::RouteNetlinkMessage;
use vmkit_netlink::{Part, RouteSocket};

/// How long the kernel may take. It answers at once, but other programs may hold its lock of all
/// interfaces, as one that removes a thousand of them does.
const PATIENCE: Duration = Duration::from_secs(4);
/// Groups of events, by the numbers of `linux/rtnetlink.h`.
const RTNLGRP_LINK: u32 = 1;
const RTNLGRP_IPV4_IFADDR: u32 = 5;
const RTNLGRP_IPV4_ROUTE: u32 = 7;

/// A socket for requests, or for events.
#[derive(Debug)]
pub(super) struct Netlink(RouteSocket);

impl Netlink {
    pub(super) fn open() -> io::Result<Self> {
        RouteSocket::open().map(Self)
    }

    /// A socket that can be read when an interface, an address or a route of IPv4 changes.
    pub(super) fn of_networks() -> io::Result<Self> {
        let socket = RouteSocket::open()?;
        for group in [RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE] {
            socket.join(group)?;
        }
        Ok(Self(socket))
    }

    /// Forgets the events that have come.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        self.0.forget()
    }

    /// Has the kernel change something.
    pub(super) fn change(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        self.ask(message, NLM_F_ACK | flags, |_| {})
    }

    /// Calls `each` with what the kernel knows of one thing.
    pub(super) fn get(
        &mut self,
        message: RouteNetlinkMessage,
        each: impl FnMut(RouteNetlinkMessage),
    ) -> io::Result<()> {
        self.ask(message, 0, each)
    }

    /// Calls `each` with each entry of a table.
    pub(super) fn list(
        &mut self,
        message: RouteNetlinkMessage,
        each: impl FnMut(RouteNetlinkMessage),
    ) -> io::Result<()> {
        self.ask(message, NLM_F_DUMP, each)
    }

    fn ask(
        &mut self,
        message: RouteNetlinkMessage,
        flags: u16,
        mut each: impl FnMut(RouteNetlinkMessage),
    ) -> io::Result<()> {
        let mut read = Ok(());
        let parsed = |part: Part<'_>| match part.parsed() {
            Ok(message) => each(message),
            Err(error) => read = Err(error),
        };
        self.0.ask(message, flags, Instant::now() + PATIENCE, parsed)?;
        read
    }
}

impl AsFd for Netlink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
