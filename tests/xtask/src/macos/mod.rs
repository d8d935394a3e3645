//! Checks the programs and plugins that were linked for Macs: whether dyld and the kernel of macOS 13 would take
//! them, and whether they show anything of the computer that built them.

mod artefact;
mod check;
mod rules;
#[cfg(test)]
mod sample;
mod sdk;
mod signature;

pub(crate) use check::{Request, check};
