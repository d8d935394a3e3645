//! The answer to whether a packet passes the firewall.

/// A rule or policy, to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quoted {
    /// Its text, bounded and not escaped.
    pub text: String,
    /// The family, table and chain that it is in, not escaped.
    pub chain: String,
    /// The number of frames that it has matched. `None`: it does not count.
    pub frames: Option<u64>,
}

/// What the firewall does to a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It passes.
    Passes {
        /// Its source is replaced by an address of this computer. `None`: not known.
        translated: Option<bool>,
    },
    /// This rule drops it.
    Drops {
        /// The rule.
        rule: Quoted,
    },
    /// This rule drops some of such packets.
    DropsSome {
        /// The rule.
        rule: Quoted,
        /// It does so at random. Otherwise above a rate.
        by_chance: bool,
    },
    /// It depends on a condition that is not understood.
    Unknown {
        /// The rule with that condition.
        rule: Quoted,
    },
}
