//! `vm ssh-connect`: the `ProxyCommand` of the entries that `vm ssh-config` makes.
//!
//! With `ProxyUseFdpass` ssh takes the connected socket and does all the rest itself: no byte of
//! the session passes through vmkit. Clients that know no such thing get the bytes relayed.

use std::{
    io::{self, IoSlice, Read, Write},
    net::{Shutdown, TcpStream},
    os::fd::AsFd as _,
    thread,
    time::Duration,
};

use anyhow::Context as _;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, getsockname, sendmsg,
};

use crate::{arguments, context::Context, exit::Exit, resolve::ask};

/// A machine on a link of this computer answers in milliseconds, also one that is busy booting: a
/// SYN that was lost three times has been repeated by then.
const CONNECT_DEADLINE: Duration = Duration::from_secs(8);

/// Bytes that are relayed at once: what a pipe holds.
const BUFFER: usize = 64 << 10;

/// Runs the command.
pub(crate) fn run(wanted: &arguments::SshConnect, context: &Context) -> anyhow::Result<Exit> {
    let answer = ask(&wanted.name, None, context, |_| Ok(()))?;
    let address = match answer.way_to(wanted.port) {
        Ok(address) => address,
        Err(exit) => return Ok(exit),
    };
    let connection = TcpStream::connect_timeout(&address, CONNECT_DEADLINE)
        .with_context(|| format!("cannot connect to {} at {address}", wanted.name))?;
    if takes_descriptors() {
        pass(&connection).context("cannot pass the connection to ssh")?;
    } else {
        relay(&connection).context("the connection broke")?;
    }
    Ok(Exit::Healthy)
}

/// ssh gives its `ProxyCommand` a socket only where it waits for a descriptor there.
fn takes_descriptors() -> bool {
    getsockname(io::stdout()).is_ok_and(|name| name.address_family() == AddressFamily::UNIX)
}

/// Hands the connection over as OpenSSH expects it: with one byte.
fn pass(connection: &TcpStream) -> io::Result<()> {
    let descriptors = [connection.as_fd()];
    let mut space = [const { std::mem::MaybeUninit::uninit() }; rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for a descriptor"));
    }
    sendmsg(io::stdout(), &[IoSlice::new(&[0])], &mut ancillary, SendFlags::empty())?;
    Ok(())
}

/// Copies both ways until the machine ends the connection.
fn relay(connection: &TcpStream) -> io::Result<()> {
    let mut sending = connection.try_clone()?;
    thread::spawn(move || {
        pump(&mut io::stdin().lock(), &mut sending).ok();
        // The machine may have more to say after the client has ended.
        sending.shutdown(Shutdown::Write).ok();
    });
    let mut receiving = connection;
    // Standard output would wait for the end of a line.
    let mut out = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
    pump(&mut receiving, &mut out)
}

/// Copies until there is no more. The standard library's own way would have the kernel splice, which
/// holds the pipe locked while it waits for the socket: what has arrived could not be read.
fn pump(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(&buffer[..length])?;
    }
}
