//! For authors of plugins: projects to begin with, the rules that plugins keep, and indexes of plugins.

#![forbid(unsafe_code)]

mod conformance;
mod index;
mod project;

pub use conformance::{Judgement, Outcome, check, list_machines, without_manifest};
pub use index::{Entry, Index, IndexError, Place, Version, check_listed, is_older};
pub use project::{
    InvalidName, Language, Name, Project, ProjectError, ProjectKind, Sdk, SdkError, place_of,
};
