//! Enumerations of other crates as words of the documents.

use serde::Serialize;
use vmkit_model::{Mode, PluginStatus};
use vmkit_scoring::{Flag, Verdict};
use vmkit_types::InterfaceKind;

use crate::PluginOrigin;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident of $origin:ident $(named $schema:literal)? {
        $($(#[$variant_doc:meta])* $variant:ident),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Serialize)]
        #[serde(rename_all = "kebab-case")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $(#[cfg_attr(feature = "schema", schemars(rename = $schema))])?
        pub(super) enum $name { $($(#[$variant_doc])* $variant),* }

        impl From<$origin> for $name {
            fn from(value: $origin) -> Self {
                match value { $($origin::$variant => Self::$variant),* }
            }
        }
    };
}

codes! {
    /// How sure vmkit is of the address.
    VerdictCode of Verdict { Resolved, Probable, Ambiguous, NoAddress, NotRunning, NotChecked }
}

codes! {
    /// A property of a candidate that a reader should know.
    FlagCode of Flag {
        LinkLocal, Stale, DuplicateIp, DuplicateMac, OffSubnet, Gateway, Host, MacMismatch,
        GuestClaimOnly, PluginClaimOnly,
    }
}

codes! {
    /// How much was asked.
    ModeCode of Mode named "Mode" {
        /// Every signal.
        Full,
        /// No slow signal, no statistics.
        Fast,
        /// Processes only.
        Basic,
    }
}

codes! {
    /// Who answers for a plugin.
    PluginOriginCode of PluginOrigin named "PluginOrigin" {
        /// It came with vmkit.
        Bundled,
        /// Somebody agreed to this file.
        Trusted,
        /// The same, even where its files cannot be confined.
        TrustedUnconfined,
        /// Nobody.
        Stranger,
    }
}

codes! {
    /// How a plugin's run ended.
    PluginStatusCode of PluginStatus named "PluginStatus" {
        /// It answered.
        Ok,
        /// It did not answer before its deadline.
        Timeout,
        /// Its worker died.
        Crashed,
        /// It is not trusted.
        Refused,
        /// Its interface is of another epoch or layout.
        Incompatible,
        /// It lacked a privilege.
        Denied,
        /// It was not asked.
        Skipped,
        /// It reported an error.
        Error,
    }
}

/// The word for an interface's kind.
pub(super) fn kind(kind: InterfaceKind) -> &'static str {
    match kind {
        InterfaceKind::Wifi => "wifi",
        InterfaceKind::Ethernet => "ethernet",
        InterfaceKind::Bridge => "bridge",
        InterfaceKind::Tap => "tap",
        InterfaceKind::Loopback => "loopback",
        InterfaceKind::Vpn => "vpn",
        InterfaceKind::Container => "container",
        InterfaceKind::Unknown => "unknown",
    }
}
