//! A new project: its name, the SDK that it uses, and its files.

mod files;
mod name;
mod place;
mod sdk;
mod words;

pub use name::{InvalidName, Name};
pub use place::{ProjectError, place_of};
pub use sdk::{Sdk, SdkError};
pub use words::{Language, Project, ProjectKind};
