//! The arguments of `vm snapshot`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    #[command(subcommand)]
    pub(crate) command: SnapshotCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Record what every signal sees now
    Save {
        /// A new or empty directory
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// Keep only what a diagnosis needs: names, MACs and addresses become stand-ins
        #[arg(long)]
        redact: bool,
    },
    /// Write a redacted copy of a snapshot
    Redact {
        /// The directory of the snapshot
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// A new or empty directory
        #[arg(value_name = "NEW")]
        copy: PathBuf,
    },
    /// List what in a snapshot could still identify a person, a place or a device; exits with 1 if
    /// anything could
    Check {
        /// The directory of the snapshot
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// What a snapshot holds
    Show {
        /// The directory of the snapshot
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}
