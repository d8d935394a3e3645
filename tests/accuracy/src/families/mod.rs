//! The families of generated cases. Each draws what is true and nothing else.

mod address;
mod boot;
mod clones;
mod family;
mod guest;
mod link;
mod macs;
mod modes;
mod names;
mod quiet;

pub use family::{Family, Set};

/// All families.
pub fn families() -> impl Iterator<Item = &'static Family> {
    [
        address::FAMILIES,
        boot::FAMILIES,
        clones::FAMILIES,
        guest::FAMILIES,
        link::FAMILIES,
        macs::FAMILIES,
        modes::FAMILIES,
        names::FAMILIES,
        quiet::FAMILIES,
    ]
    .into_iter()
    .flatten()
}
