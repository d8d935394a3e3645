//! Questions that are asked for plugins, which get answers and no channels: who answers ARP for
//! addresses ([`arp`]), and what a guest agent reports ([`agent`]). The doctor has a guest agent asked as
//! well.
//!
//! Nothing but these questions can be sent: the frames and commands are built here, of checked values.

#![forbid(unsafe_code)]

pub mod agent;
pub mod arp;
