//! The families of generated cases. Each draws what is true and nothing else.

mod address;
mod boot;
mod clones;
mod guest;
mod link;
mod modes;
mod names;
mod quiet;

use crate::{
    labelled::Labelled,
    random::{Random, hash},
    sources::look,
    world::World,
};

/// A generative model of cases of one kind.
pub struct Family {
    /// Its name, which also decides the set that it is of.
    pub name: &'static str,
    /// What its cases have in common.
    pub what: &'static str,
    /// Draws one world.
    draw: fn(&mut Random) -> World,
}

/// Which set a family is of. The split is by family: cases of one family are too much alike for
/// some of them to test what others were fitted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Weights may be fitted on it.
    Fit,
    /// Nothing is ever fitted on it.
    HeldOut,
}

impl Family {
    /// By a hash of the name: two of five families, more or less, are held out.
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

/// All families.
pub fn families() -> impl Iterator<Item = &'static Family> {
    [
        address::FAMILIES,
        boot::FAMILIES,
        clones::FAMILIES,
        guest::FAMILIES,
        link::FAMILIES,
        modes::FAMILIES,
        names::FAMILIES,
        quiet::FAMILIES,
    ]
    .into_iter()
    .flatten()
}
