//! The crowd's SSH server: one process for all addresses, which costs little beside the measurements.

use std::{io::Write, net::TcpListener};

use anyhow::Context;

/// The argument that starts this program as the server.
pub(crate) const ARGUMENT: &str = "serve-banner";
/// Printed once it listens.
pub(crate) const LISTENING: &str = "listening";

/// Sends a banner to each connection at port 22, forever.
pub(crate) fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", 22)).context("cannot listen on port 22")?;
    println!("{LISTENING}");
    for stream in listener.incoming() {
        // Errors of clients do not matter.
        drop(stream.and_then(|mut stream| stream.write_all(b"SSH-2.0-lab\r\n")));
    }
    Ok(())
}
