//! DHCP on both sides of this computer, message by message.

use std::{
    io::{self, Write},
    time::SystemTime,
};

use vmkit_dhcp::{Ladder, MessageKind, Rung, Step};

use super::{Terminal, style::Role};

/// Writes the ladder: the time, and the messages at the machine's port and at the uplink.
pub(crate) fn write_ladder(
    ladder: &Ladder,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let Some(first) = ladder.rungs.first() else {
        return writeln!(out, "  DHCP: no message of the VM was seen");
    };
    let heading = format!("  {:>8}  {:<17}{:<17}", "seconds", "VM's port", "uplink");
    writeln!(out, "{}", terminal.style.paint(Role::Heading, heading.trim_end()))?;
    for rung in &ladder.rungs {
        let after = seconds(first.at, rung.at);
        let (guest, uplink) = (side(rung, rung.guest_side), side(rung, rung.uplink_side));
        let painted = |step: Step, text: &str| {
            let role = if step == Step::Missing { Role::Bad } else { Role::Normal };
            terminal.style.paint(role, &format!("{text:<17}"))
        };
        writeln!(
            out,
            "  {after:>8.3}  {}{}{}",
            painted(rung.guest_side, &guest),
            painted(rung.uplink_side, &uplink),
            detail(rung)
        )?;
    }
    if ladder.left_out > 0 {
        writeln!(out, "  ({} earlier messages are not shown)", ladder.left_out)?;
    }
    Ok(())
}

fn seconds(first: SystemTime, at: SystemTime) -> f64 {
    at.duration_since(first).unwrap_or_default().as_secs_f64()
}

/// One side: an arrow in the direction of the message, or that it is missing.
fn side(rung: &Rung, step: Step) -> String {
    let word = rung.message.kind.word();
    match (step, rung.message.kind.is_of_client()) {
        (Step::Seen, true) => format!("{word} ->"),
        (Step::Seen, false) => format!("<- {word}"),
        (Step::Missing, _) => "(missing)".to_owned(),
        (Step::NotWatched, _) => "(not watched)".to_owned(),
    }
}

fn detail(rung: &Rung) -> String {
    let message = &rung.message;
    let mut parts = Vec::new();
    match message.kind {
        MessageKind::Discover | MessageKind::Request => {
            parts.push(format!("from {}", message.source_mac));
            if message.source_mac != message.chaddr {
                parts.push(format!("chaddr {}", message.chaddr));
            }
            if message.broadcast_flag {
                parts.push("wants broadcast".to_owned());
            }
            parts.extend(message.requested.map(|address| format!("for {address}")));
        }
        _ => {
            parts.extend(message.yiaddr.map(|address| address.to_string()));
            parts.extend(message.server.map(|server| format!("by {server}")));
        }
    }
    parts.join(", ")
}
