//! `cargo xtask book`: all of docs as one book.

use std::process::Command;

use crate::{ci_tools, command, workspace::Workspace};

/// Builds the book, which `book.toml` describes.
pub(crate) fn book(workspace: &Workspace) -> anyhow::Result<()> {
    let mut mdbook = Command::new(ci_tools::mdbook(workspace)?);
    command::run(mdbook.arg("build").arg(workspace.root()))
}
