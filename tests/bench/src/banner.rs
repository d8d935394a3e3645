//! The crowd's SSH server: one process for all its addresses, so that serving costs little beside
//! what is measured.

use std::{io::Write, net::TcpListener};

use anyhow::Context;

/// Starts this program as the server.
pub(crate) const ARGUMENT: &str = "serve-banner";
/// What it prints when it listens.
pub(crate) const LISTENING: &str = "listening";

/// Says a banner to everyone who connects to port 22, for ever.
pub(crate) fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", 22)).context("cannot listen on port 22")?;
    println!("{LISTENING}");
    for stream in listener.incoming() {
        // A client that went away is its own business.
        drop(stream.and_then(|mut stream| stream.write_all(b"SSH-2.0-lab\r\n")));
    }
    Ok(())
}
