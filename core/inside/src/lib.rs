//! What a guest is asked about its own network, and what its answer says.
//!
//! [`SCRIPT`] is what the guest runs: a fixed list of commands that read. [`read`] parses the answer,
//! which is the guest's word and may be anything: every part is bounded, and a part that is missing or
//! not understood is unknown with the reason. Nothing here does I/O.
//!
//! ```
//! # use vmkit_types::Reading;
//! let answer = "# vmkit-inside 1\n= listeners\n LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n! 0\n";
//! let Reading::Known(inside) = vmkit_inside::read(answer.as_bytes()) else { panic!() };
//! assert_eq!(inside.listeners.known().unwrap()[0].port, 22);
//! ```

#![forbid(unsafe_code)]

mod answer;
mod by_agent;
mod cards;
mod facts;
mod firewall;
mod journal;
mod listeners;
mod managers;
mod parts;
mod routes;
mod servers;
mod setup;
mod way;

pub use answer::{LONGEST_ANSWER, not_asked, read, recorded_reason};
pub use by_agent::{
    LONGEST_REPLY, agent_answer, outcome_request, start_request, started, still_runs,
};
pub use facts::{
    GuestAddress, GuestCard, Inside, Lease, Managed, NameServer, ServerAnswer, Setup, TcpListener,
};

pub use way::Way;

/// What the guest's shell runs. It takes the text from its standard input.
pub const SCRIPT: &str = include_str!("script.sh");
