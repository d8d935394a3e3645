//! Frames between host and worker, in both directions.

#![cfg_attr(fuzzing, no_main)]

use std::{io::Write as _, net::Shutdown, os::unix::net::UnixStream};

use vmkit_wire::{FromWorker, Receiver, ToWorker};

fn read(bytes: &[u8]) {
    receive::<FromWorker>(bytes);
    receive::<ToWorker>(bytes);
}

fn receive<T: serde::de::DeserializeOwned>(bytes: &[u8]) {
    let (mut ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    ours.set_nonblocking(true).expect("a non-blocking socket");
    // Bytes that do not fit into the socket are dropped.
    _ = ours.write(bytes);
    ours.shutdown(Shutdown::Write).expect("a socket that ends");
    let mut receiver = Receiver::default();
    while receiver.receive::<T>(&theirs, None).is_ok() {}
}

vmkit_fuzz::target!();
