//! The way of a machine in shared mode beyond its network: forwarding, translation and the firewall.

use std::net::{IpAddr, Ipv4Addr};

use vmkit_attach::SHARED_BRIDGE;
use vmkit_survey::{Ends, Packet, Passage, RuleSet, Way};
use vmkit_types::{Interface, Mac, Reading, Unread, escaped};

use crate::{Attachment, Facts, FindingCode, findings::sheet::Sheet};

const OFF: FindingCode = FindingCode::ForwardingOff;
const UNTRANSLATED: FindingCode = FindingCode::TranslationMissing;
const DROPPED: FindingCode = FindingCode::FirewallDropsForwarded;

/// What the names of bridges begin with that managers make for networks of their own. Whether a bridge
/// that a person made is to lead anywhere cannot be known.
const MANAGERS: [&str; 5] = ["virbr", "lxdbr", "incusbr", "lxcbr", "mpqemubr"];
/// Chains of libvirt, through iptables and through nftables, that close a network which it was asked to
/// isolate.
const ISOLATING: [&str; 2] = ["chain LIBVIRT_FW", "libvirt_network chain guest_"];
/// An address of the internet. Nothing is sent to it.
const BEYOND: Ipv4Addr = Ipv4Addr::new(9, 9, 9, 9);
const HTTPS: u16 = 443;
/// The machine's place in its network if its address is not known.
const SOME_HOST: u32 = 77;

/// The way out of a manager's network.
struct Exit<'a> {
    bridge: &'a Interface,
    port: Option<&'a str>,
    uplink: &'a str,
    own: Option<Mac>,
    address: Ipv4Addr,
}

impl<'a> Exit<'a> {
    fn of(facts: &Facts<'a>, attachment: &Attachment<'a>) -> Option<Self> {
        let bridge = attachment.bridge.filter(|_| attachment.shared)?;
        let of_manager = MANAGERS.iter().any(|start| bridge.name.starts_with(start));
        if !of_manager && bridge.name != SHARED_BRIDGE {
            return None;
        }
        let network = facts.network.as_ref().known()?;
        let default = network.routes.iter().find(|route| route.destination.length == 0)?;
        let prefix = bridge.addresses.iter().find(|prefix| prefix.address.is_ipv4())?;
        let IpAddr::V4(gateway) = prefix.address else { return None };
        let known = match facts.pick.address {
            Some(IpAddr::V4(address)) if prefix.contains(address.into()) => Some(address),
            _ => None,
        };
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix.length.min(32))).unwrap_or(0);
        let some = Ipv4Addr::from_bits(gateway.to_bits() & mask | SOME_HOST & !mask);
        let inside = |port: &&Interface| port.bridge.as_deref() == Some(&bridge.name);
        Some(Self {
            bridge,
            port: attachment.port.filter(inside).map(|port| port.name.as_str()),
            uplink: &default.interface,
            own: facts.machine.macs.first().copied(),
            address: known.unwrap_or(some),
        })
        .filter(|exit| exit.uplink != exit.bridge.name)
    }

    /// The first packet of a connection to the internet.
    fn out(&self, rules: &RuleSet) -> Passage {
        let ends = Ends {
            from: self.own,
            source: Some(self.address),
            destination: Some(BEYOND),
            ..Ends::default()
        };
        let way = Way::routed_out(&self.bridge.name, self.port, self.uplink);
        rules.passage(&Packet::connection(ends, HTTPS), &way)
    }

    fn inward(&self) -> (Ends, Way) {
        let ends =
            Ends { source: Some(BEYOND), destination: Some(self.address), ..Ends::default() };
        (ends, Way::routed_in(self.uplink, &self.bridge.name, self.port))
    }

    /// The answer to it.
    fn back(&self, rules: &RuleSet) -> Passage {
        let (ends, way) = self.inward();
        rules.passage(&Packet::answer(ends, HTTPS), &way)
    }

    /// A connection from the internet.
    fn opened(&self, rules: &RuleSet) -> Passage {
        let (ends, way) = self.inward();
        rules.passage(&Packet::connection(ends, HTTPS), &way)
    }
}

/// Judges what can be judged without the firewall's rules.
pub(super) fn without_rules(
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    why: &Unread,
    sheet: &mut Sheet,
) {
    let Some(exit) = Exit::of(facts, attachment) else { return };
    sheet.all_unknown(&[UNTRANSLATED, DROPPED], why);
    // A network of another manager may be isolated, which its rules would show.
    match forwards(facts, &exit) {
        Reading::Known(false) if exit.bridge.name != SHARED_BRIDGE => sheet.unknown(OFF, why),
        reading => forwarding(&exit, &reading, sheet),
    }
}

pub(super) fn judge(
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    rules: &RuleSet,
    sheet: &mut Sheet,
) {
    let Some(exit) = Exit::of(facts, attachment) else { return };
    let (out, back) = (exit.out(rules), exit.back(rules));
    let own = exit.bridge.name == SHARED_BRIDGE;
    if !own && [&out, &back].into_iter().any(is_isolated) {
        let says = "its manager isolates the VM's network";
        for code in [OFF, UNTRANSLATED, DROPPED] {
            sheet.absent(code, says);
        }
        return;
    }
    // Where no rule is about the bridge, nobody isolates or routes its network on purpose.
    let meant_to_lead_out = own || !rules.names(&exit.bridge.name) || translates(&out);
    match forwards(facts, &exit) {
        Reading::Known(false) if !meant_to_lead_out => {
            let why = "it does not forward, and the network may be meant to lead nowhere";
            sheet.unknown(OFF, &Unread::Failed(why.to_owned()));
        }
        reading => forwarding(&exit, &reading, sheet),
    }
    dropped(&out, &back, sheet);
    translation(&exit, rules, &out, meant_to_lead_out, sheet);
}

fn forwards(facts: &Facts<'_>, exit: &Exit<'_>) -> Reading<bool> {
    facts.survey.forwarding.as_ref().map(|forwarding| forwarding.of(&exit.bridge.name))
}

fn forwarding(exit: &Exit<'_>, reading: &Reading<bool>, sheet: &mut Sheet) {
    let off = reading.as_ref().map(|forwards| !forwards);
    let name = escaped(&exit.bridge.name);
    let (yes, no) = (
        format!("packets from {name} are not forwarded"),
        format!("packets from {name} are forwarded"),
    );
    sheet.read(OFF, &off, yes, no);
}

fn dropped(out: &Passage, back: &Passage, sheet: &mut Sheet) {
    for passage in [out, back] {
        if let Passage::Drops { rule } = passage {
            return sheet.present(DROPPED, escaped(&rule.text));
        }
    }
    for passage in [out, back] {
        if let Passage::Unknown { rule } | Passage::DropsSome { rule, .. } = passage {
            let why = format!("it depends on this rule: {}", escaped(&rule.text));
            return sheet.unknown(DROPPED, &Unread::Malformed(why));
        }
    }
    sheet.absent(DROPPED, "the rules let its packets and the answers pass");
}

fn translation(
    exit: &Exit<'_>,
    rules: &RuleSet,
    out: &Passage,
    meant_to_lead_out: bool,
    sheet: &mut Sheet,
) {
    let private = exit.address.is_private();
    match out {
        Passage::Passes { translated: Some(true) } => {
            sheet.absent(UNTRANSLATED, "a rule replaces its address");
        }
        Passage::Passes { translated: Some(false) } if !private => {
            sheet.absent(UNTRANSLATED, "its address is no private one");
        }
        Passage::Passes { translated: Some(false) } => {
            // A network that is routed on purpose lets connections from beyond in.
            let routed = matches!(exit.opened(rules), Passage::Passes { .. });
            if meant_to_lead_out || !routed {
                let says = format!(
                    "packets from {} leave by {} with a private source",
                    escaped(&exit.bridge.name),
                    escaped(exit.uplink)
                );
                sheet.present(UNTRANSLATED, says);
            } else {
                sheet.absent(UNTRANSLATED, "its manager routes the VM's network");
            }
        }
        Passage::Passes { translated: None } | Passage::Unknown { .. } => {
            let why = "it depends on a rule that is not understood".to_owned();
            sheet.unknown(UNTRANSLATED, &Unread::Malformed(why));
        }
        // Whether a packet that is dropped would be translated is not asked.
        Passage::Drops { .. } | Passage::DropsSome { .. } => {}
    }
}

fn translates(out: &Passage) -> bool {
    matches!(out, Passage::Passes { translated: Some(true) })
}

/// Whether a manager's own rule drops it.
fn is_isolated(passage: &Passage) -> bool {
    let Passage::Drops { rule } = passage else { return false };
    ISOLATING.iter().any(|chain| rule.chain.contains(chain))
}
