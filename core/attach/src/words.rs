//! Why no machine can be bridged, in words.

use std::fmt;

use crate::adapters::Obstacle;

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WifiStation => f.write_str("Linux bridges no Wi-Fi station"),
            Self::InBridge(bridge) => {
                write!(f, "it is in the bridge {bridge}, to which VMs are bridged instead")
            }
            Self::SharedNetwork => f.write_str("it is the network of shared mode"),
            Self::OfSystem => f.write_str("macOS made it for its own networks"),
            Self::UnknownKind => f.write_str(
                "its kind is unknown; the configuration may say it, as kind in [interfaces.NAME]",
            ),
            Self::UnknownSystem => f.write_str("how this system bridges VMs is unknown"),
        }
    }
}
