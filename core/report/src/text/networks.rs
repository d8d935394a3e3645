//! `vm net` as text.

use std::io::{self, Write};

use vmkit_attach::{
    Adapter, Bridging, ModeHere, Obstacle, Recommendation, adapters, modes, recommendation,
};
use vmkit_model::CommandPlace;
use vmkit_types::{InterfaceKind, escaped};

use super::{
    Terminal, command_line,
    style::Role,
    table::{Cell, Table},
    wrap::wrapped,
};
use crate::{
    Networks,
    clean::{shown, stored},
};

const INDENT: &str = "  ";

pub(crate) fn write_networks(
    networks: &Networks<'_>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let situation = networks.situation();
    let recommendation = recommendation(&situation);
    let command = situation.command(&recommendation.choice);
    write_recommendation(&recommendation, &command, &networks.place, out, terminal)?;
    writeln!(out)?;
    for ModeHere { mode, says, .. } in modes(&situation) {
        let heading = terminal.style.paint(Role::Heading, mode.code());
        writeln!(out, "{heading}")?;
        wrapped(out, terminal, INDENT, INDENT, &sentence(&says.join(" ")))?;
    }
    writeln!(out)?;
    let rows: Vec<_> = adapters(networks.network, networks.platform).iter().map(row).collect();
    if rows.is_empty() {
        return writeln!(out, "This computer has no adapter and no bridge.");
    }
    let heading = ["ADAPTER", "KIND", "CARRIER", "ADDRESS", "BRIDGED"];
    Table { heading, dispensable: &[1], omitted: &[], rows }.write(out, terminal)
}

fn write_recommendation(
    recommendation: &Recommendation,
    command: &[String],
    place: &CommandPlace,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let Recommendation { because, doubt, warning, .. } = recommendation;
    let command = terminal.style.paint(Role::Heading, &command_line(&place.words(command)));
    writeln!(out, "Recommended: {command}")?;
    for reason in because {
        wrapped(out, terminal, INDENT, INDENT, &sentence(reason))?;
    }
    if let Some(doubt) = doubt {
        let lead = format!("{INDENT}{} ", terminal.style.paint(Role::Doubtful, "In doubt:"));
        wrapped(out, terminal, &lead, INDENT, &format!("{}.", sentence(doubt)))?;
    }
    let Some(warning) = warning else { return Ok(()) };
    writeln!(out)?;
    let lead = format!("{}: ", terminal.style.paint(Role::Bad, "Warning"));
    wrapped(out, terminal, &lead, INDENT, &sentence(&warning.says))?;
    for (index, way) in warning.ways_out.iter().enumerate() {
        let (first, rest) = (format!("  {}. ", index + 1), "     ");
        wrapped(out, terminal, &first, rest, &sentence(&way.what))?;
        if !way.command.is_empty() {
            let command =
                terminal.style.paint(Role::Heading, &command_line(&place.words(&way.command)));
            writeln!(out, "{rest}{command}")?;
        }
    }
    Ok(())
}

/// A sentence, uncut: it may hold names of interfaces and of the router.
fn sentence(text: &str) -> String {
    escaped(&stored(text))
}

fn row(adapter: &Adapter<'_>) -> [Cell; 5] {
    let interface = adapter.interface;
    let addresses = &interface.addresses;
    let address = addresses.iter().find(|prefix| prefix.address.is_ipv4()).or(addresses.first());
    let (carrier_role, carrier) =
        if adapter.has_carrier() { (Role::Good, "yes") } else { (Role::Bad, "no") };
    let role = if adapter.is_bridgeable() { Role::Good } else { Role::Aside };
    [
        Cell::new(Role::Normal, shown(&interface.name)),
        Cell::new(Role::Normal, kind(adapter)),
        Cell::new(carrier_role, carrier),
        Cell::new(Role::Normal, address.map_or("-".to_owned(), ToString::to_string)),
        Cell::new(role, bridged(adapter)),
    ]
}

fn kind(adapter: &Adapter<'_>) -> &'static str {
    match adapter.interface.kind {
        InterfaceKind::Wifi => "Wi-Fi",
        InterfaceKind::Ethernet => "Ethernet",
        InterfaceKind::Bridge => "bridge",
        _ => "unknown",
    }
}

/// How a machine is bridged, in a few words.
fn bridged(adapter: &Adapter<'_>) -> String {
    match (&adapter.bridging, adapter.uplink) {
        (Bridging::Tap, Some(uplink)) if adapter.is_wifi() => {
            format!("tap; Wi-Fi by {}", shown(&uplink.name))
        }
        (Bridging::Tap, Some(uplink)) => format!("tap; leads to {}", shown(&uplink.name)),
        (Bridging::Tap, None) if adapter.leads_out() => "tap".to_owned(),
        (Bridging::Tap, None) => "tap; leads nowhere".to_owned(),
        (Bridging::Macvtap, _) => "macvtap; this computer apart".to_owned(),
        (Bridging::Vmnet, _) => "vmnet".to_owned(),
        (Bridging::VmnetWifi, _) => "vmnet; often no address".to_owned(),
        (Bridging::Impossible(obstacle), _) => format!("no: {}", obstacle_words(obstacle)),
    }
}

fn obstacle_words(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::WifiStation => "Linux bridges no Wi-Fi".to_owned(),
        Obstacle::InBridge(bridge) => format!("in bridge {}", shown(bridge)),
        Obstacle::SharedNetwork => "the network of shared mode".to_owned(),
        Obstacle::OfSystem => "made by macOS".to_owned(),
        Obstacle::UnknownKind => "of unknown kind".to_owned(),
        Obstacle::UnknownSystem => "unknown system".to_owned(),
    }
}
