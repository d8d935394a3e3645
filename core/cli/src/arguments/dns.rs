//! The arguments of `vm dns`.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use clap::Args;
use vmkit_resolver::Suffix;

use super::seconds::seconds;

#[derive(Debug, Args)]
#[command(after_help = "\
A VM without a certain address has no record (NODATA); a name that no VM has is denied (NXDOMAIN);
names outside of the domain are refused. If plugins did not answer, so that the address is unknown, the
answer is SERVFAIL. Only port 53 needs root's rights. Exit status: 0 after Ctrl-C or SIGTERM, 2 if it
cannot serve.")]
pub(crate) struct Dns {
    /// The domain that the names stand below
    #[arg(long, value_name = "DOMAIN", default_value = "vm.test")]
    pub(crate) suffix: Suffix,
    /// Where to listen, for UDP and TCP: a loopback address [default: 127.0.0.1:5354; with --install port 53]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Look at the machines at least every SECONDS
    // Long enough to be no load, and no longer than people wait for a machine that has just booted.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(crate) interval: Duration,
    /// Make this computer's resolver ask here for the domain; without root, print what would be written
    #[arg(long)]
    pub(crate) install: bool,
    /// Undo --install
    #[arg(long, conflicts_with = "install")]
    pub(crate) uninstall: bool,
}

impl Dns {
    /// Where to listen. The resolver is only sent to port 53.
    pub(crate) fn address(&self) -> SocketAddr {
        let port = if self.install { vmkit_resolver::PORT } else { 5354 };
        self.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, port).into())
    }
}
