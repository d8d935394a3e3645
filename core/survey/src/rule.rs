//! A rule of a packet filter as conditions, and the frames it drops.

use vmkit_types::{Mac, bounded};

use crate::{DropRule, Drops};

/// Longest text kept of a rule.
const LONGEST_RULE: usize = 300;

/// A chain's place in the path of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    /// Frames in a bridge or at its ports.
    Bridge,
    /// Forwarded IP packets, and bridged ones if the kernel filters those.
    IpForward,
    /// Packets for this computer.
    IpInput,
    /// Elsewhere.
    Other,
}

/// The conditions of a rule that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a rule has any of these conditions or not")]
pub(crate) struct Conditions {
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    /// UDP to this port.
    pub(crate) to_port: Option<u16>,
    /// UDP from this port.
    pub(crate) from_port: Option<u16>,
    /// TCP to this port.
    pub(crate) to_tcp_port: Option<u16>,
    /// The kind of DHCP message.
    pub(crate) dhcp_kind: Option<u64>,
    pub(crate) source_mac: Option<Mac>,
    pub(crate) other_than_source_mac: Option<Mac>,
    pub(crate) other_than_chaddr: Option<Mac>,
    pub(crate) to_broadcast: bool,
    pub(crate) arp: bool,
    pub(crate) at_random: bool,
    /// Bridged frames.
    pub(crate) bridged: bool,
    /// There are other conditions, which are not parsed.
    pub(crate) others: bool,
    /// Number of matched frames.
    pub(crate) frames: Option<u64>,
}

impl Conditions {
    /// The rule as one that drops, if its conditions are known.
    pub(crate) fn dropping(self, hook: Hook, text: &str, except: &[String]) -> Option<DropRule> {
        let mut interface = self.input.clone().or_else(|| self.output.clone());
        let drops = match &self {
            Self { dhcp_kind: Some(5), .. } => Drops::DhcpAcknowledgements,
            Self { other_than_chaddr: Some(mac), .. } => Drops::ForeignChaddr(*mac),
            Self { other_than_source_mac: Some(mac), .. } => Drops::ForeignMac(*mac),
            Self { source_mac: Some(mac), .. } => Drops::Mac(*mac),
            Self { others: true, .. } => return None,
            Self { at_random: true, .. } => Drops::AtRandom,
            Self { to_port: Some(67), .. } if hook == Hook::IpInput => Drops::DhcpToThisHost,
            Self { to_port: Some(67), from_port: None | Some(68), .. } => Drops::DhcpRequests,
            Self { from_port: Some(67), .. } | Self { to_port: Some(68), .. } => Drops::DhcpReplies,
            Self { to_port: Some(_), .. } | Self { from_port: Some(_), .. } => return None,
            Self { to_tcp_port: Some(22), .. } => Drops::Ssh,
            Self { to_tcp_port: Some(_), .. } => return None,
            Self { to_broadcast: true, .. } => Drops::Broadcast,
            Self { arp: true, .. } => Drops::Arp,
            _ => match hook {
                Hook::Bridge | Hook::IpForward => Drops::Bridged,
                Hook::IpInput | Hook::Other => return None,
            },
        };
        if interface.as_deref() == Some("") {
            interface = None;
        }
        Some(DropRule {
            drops,
            interface,
            except: except.to_vec(),
            frames: self.frames,
            text: bounded(text.trim(), LONGEST_RULE).to_owned(),
        })
    }

    /// The interface whose frames an accepting rule lets pass. `Some(None)`: of all interfaces.
    #[expect(clippy::option_option, reason = "whether it accepts frames, and of which interface")]
    pub(crate) fn accepting(&self) -> Option<Option<String>> {
        let plain = Self {
            input: self.input.clone(),
            output: self.output.clone(),
            bridged: self.bridged,
            frames: self.frames,
            ..Self::default()
        };
        (*self == plain).then(|| self.input.clone().or_else(|| self.output.clone()))
    }
}
