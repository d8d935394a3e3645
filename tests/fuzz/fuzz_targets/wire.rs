//! Frames of a worker, and of a host to its worker.

#![cfg_attr(fuzzing, no_main)]

use std::{io::Write as _, net::Shutdown, os::unix::net::UnixStream};

use vmkit_wire::{FromWorker, Receiver, ToWorker};

fn read(bytes: &[u8]) {
    receive::<FromWorker>(bytes);
    receive::<ToWorker>(bytes);
}

fn receive<T: serde::de::DeserializeOwned>(bytes: &[u8]) {
    let (mut ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    ours.set_nonblocking(true).expect("a socket that does not wait");
    // What does not fit into the socket is left out.
    _ = ours.write(bytes);
    ours.shutdown(Shutdown::Write).expect("a socket that ends");
    let mut receiver = Receiver::default();
    while receiver.receive::<T>(&theirs, None).is_ok() {}
}

vmkit_fuzz::target!();
