//! Which network a machine is started on.

use vmkit_attach::{
    Bridging, Recommendation, Situation, Warning, adapters, recommendation, target, warning,
};
use vmkit_model::{NetworkChoice, StartMode};
use vmkit_plugin_commands::Failure;

/// What a machine is to be started on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// What is remembered once it runs.
    pub(crate) choice: NetworkChoice,
    /// What its card is plugged into.
    pub(crate) attachment: Attachment,
    /// Why, where nobody has chosen: sentences.
    pub(crate) because: Vec<String>,
    /// What to know before it is started so.
    pub(crate) warning: Option<Warning>,
}

/// What a card is to be plugged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attachment {
    /// A tap in this bridge.
    Bridge(String),
    /// A macvtap on this adapter.
    Macvtap(String),
    /// A tap in the network of this computer's own.
    Shared,
    /// macOS: on the LAN of this interface.
    VmnetBridged(String),
    /// macOS: on the network that the system shares.
    VmnetShared,
}

impl Attachment {
    /// The bridge or adapter that was named or found.
    pub(crate) fn interface(&self) -> Option<&str> {
        match self {
            Self::Bridge(name) | Self::Macvtap(name) | Self::VmnetBridged(name) => Some(name),
            Self::Shared | Self::VmnetShared => None,
        }
    }
}

/// What is to be done about the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// This is it.
    Decided(Decision),
    /// The person has to say, if one is there.
    InDoubt(Recommendation),
}

/// Which network the machine is started on: the one that was asked for, else the one of its last start,
/// else the recommended one.
///
/// # Errors
/// It is not possible on this computer.
pub(crate) fn decide(
    wanted: Option<&NetworkChoice>,
    situation: &Situation<'_>,
) -> Result<Network, Failure> {
    if let Some(choice) = wanted.or(situation.remembered) {
        return with(choice, Vec::new(), situation).map(Network::Decided);
    }
    let recommended = recommendation(situation);
    if recommended.doubt.is_some() {
        return Ok(Network::InDoubt(recommended));
    }
    let Recommendation { choice, because, .. } = recommended;
    with(&choice, because, situation).map(Network::Decided)
}

/// Where nobody can be asked: bridged if that is possible.
///
/// # Errors
/// It is not.
pub(crate) fn without_answer(situation: &Situation<'_>) -> Result<Decision, Failure> {
    let bridged = NetworkChoice { mode: StartMode::Bridged, bridge: None };
    with(&bridged, Vec::new(), situation)
}

/// The machine on this network.
///
/// # Errors
/// It is not possible on this computer.
pub(crate) fn with(
    choice: &NetworkChoice,
    because: Vec<String>,
    situation: &Situation<'_>,
) -> Result<Decision, Failure> {
    let attachment = attachment(choice, situation)?;
    let warning = warning(choice, situation);
    Ok(Decision { choice: choice.clone(), attachment, because, warning })
}

fn attachment(choice: &NetworkChoice, situation: &Situation<'_>) -> Result<Attachment, Failure> {
    let on_macos = situation.platform == vmkit_model::Platform::MacOs;
    if choice.mode == StartMode::Shared {
        return Ok(if on_macos { Attachment::VmnetShared } else { Attachment::Shared });
    }
    let adapters = adapters(situation.network, situation.platform);
    let adapter = target(&adapters, choice.bridge.as_deref()).map_err(|why| {
        let name = situation.machine.unwrap_or("NAME");
        let hint =
            format!("choose another network: vm net {name}, or vm start {name} --net shared");
        Failure::new(format!("bridged mode is not possible: {why}")).with_hint(hint)
    })?;
    let name = adapter.interface.name.clone();
    Ok(match adapter.bridging {
        Bridging::Macvtap => Attachment::Macvtap(name),
        Bridging::Vmnet | Bridging::VmnetWifi => Attachment::VmnetBridged(name),
        // What is impossible was refused above.
        Bridging::Tap | Bridging::Impossible(_) => Attachment::Bridge(name),
    })
}
