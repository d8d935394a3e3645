//! What a project is made for.

use super::{Name, Sdk};

/// What a plugin offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectKind {
    /// Observations about VMs.
    Signal,
    /// What a router is, and what to change there.
    Advice,
    /// The VMs of a manager.
    Inventory,
}

impl ProjectKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Signal, Self::Advice, Self::Inventory];

    /// The word for it in a manifest.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Advice => "advice",
            Self::Inventory => "inventory",
        }
    }
}

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A shared library, by the SDK.
    Rust,
    /// A program that an interpreter runs.
    Python,
    /// A program that the system's shell runs.
    Sh,
}

impl Language {
    /// The language's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::Sh => "shell",
        }
    }
}

/// What a new project is to be.
#[derive(Clone, Debug)]
pub struct Project {
    /// The plugin's id, and the name of the package.
    pub name: Name,
    /// What the plugin offers.
    pub kind: ProjectKind,
    /// What it is written in.
    pub language: Language,
    /// Where its SDK comes from.
    pub sdk: Sdk,
}
