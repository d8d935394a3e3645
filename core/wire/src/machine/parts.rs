//! What a machine has several of.

use serde::{Deserialize, Serialize};
use vmkit_types::{Forward, NetworkMode, Protocol, Remark, SubjectCard};

/// A network card of a machine. What is unknown has no key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct WireCard {
    /// Its MAC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// `bridged`, `shared` or `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The host's interface or bridge that it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The host's end of its cable, such as `tap0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
}

/// A port of this computer that is forwarded to a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WireForward {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Address and port of this computer, such as `127.0.0.1:2222`.
    pub listens: String,
    /// The guest's address, if it is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_address: Option<String>,
    /// The guest's port.
    pub guest_port: u16,
}

/// What a manager's files say is wrong with a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WireRemark {
    /// Such as `network-inactive`.
    pub code: String,
    /// What it is about, such as the name of a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// One sentence.
    pub says: String,
}

impl From<&SubjectCard> for WireCard {
    fn from(card: &SubjectCard) -> Self {
        Self {
            mac: card.mac.map(|mac| mac.to_string()),
            mode: card.mode.map(|mode| mode.to_string()),
            interface: card.interface.clone(),
            port: card.port.clone(),
        }
    }
}

impl WireCard {
    pub(super) fn card(&self) -> Option<SubjectCard> {
        let mode = self.mode.as_deref().map(|code| NetworkMode::from_code(code).ok_or(()));
        Some(SubjectCard {
            mac: self.mac.as_deref().map(str::parse).transpose().ok()?,
            mode: mode.transpose().ok()?,
            interface: self.interface.clone(),
            port: self.port.clone(),
        })
    }
}

impl From<&Forward> for WireForward {
    fn from(forward: &Forward) -> Self {
        Self {
            protocol: forward.protocol.to_string(),
            listens: forward.listens.to_string(),
            guest_address: forward.guest_address.map(|address| address.to_string()),
            guest_port: forward.guest_port,
        }
    }
}

impl WireForward {
    pub(super) fn forward(&self) -> Option<Forward> {
        Some(Forward {
            protocol: Protocol::from_code(&self.protocol)?,
            listens: self.listens.parse().ok()?,
            guest_address: self.guest_address.as_deref().map(str::parse).transpose().ok()?,
            guest_port: self.guest_port,
        })
    }
}

impl From<&Remark> for WireRemark {
    fn from(remark: &Remark) -> Self {
        let Remark { code, about, says } = remark.clone();
        Self { code, about, says }
    }
}

impl WireRemark {
    pub(super) fn remark(&self) -> Option<Remark> {
        // The rules of its text are those of a remark.
        let about = self.about.as_ref().map(|about| format!(":{about}")).unwrap_or_default();
        format!("{}{about} {}", self.code, self.says).parse().ok()
    }
}
