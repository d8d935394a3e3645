//! A family of generated cases.

use crate::{
    labelled::Labelled,
    random::{Random, hash},
    sources::look,
    world::World,
};

/// A generative model of one kind of cases.
pub struct Family {
    /// The name, which also decides its set.
    pub name: &'static str,
    /// What its cases have in common.
    pub what: &'static str,
    /// Draws one world.
    pub(super) draw: fn(&mut Random) -> World,
}

/// The set of a family. The split is by family, since cases of one family are too similar for some to
/// test what was fitted on others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// For fitting weights.
    Fit,
    /// Never used for fitting.
    HeldOut,
}

impl Family {
    /// The set by a hash of the name: about two of five families are held out.
    pub fn set(&self) -> Set {
        // FNV-1a leaves patterns in its bits; the finaliser of SplitMix64 spreads them.
        let mut bits = hash(self.name);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        if (bits ^ (bits >> 31)) % 5 < 2 { Set::HeldOut } else { Set::Fit }
    }

    /// Case `number` of the family.
    pub fn case(&self, number: u64) -> Labelled {
        let mut random = Random::of(self.name, number);
        let world = (self.draw)(&mut random);
        look(&world, (self.name, number), &mut random)
    }
}
