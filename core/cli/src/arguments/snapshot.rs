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
        /// A new or empty directory, or a new file that ends in .zip
        #[arg(value_name = "DIR|FILE.zip")]
        directory: PathBuf,
        /// Keep only what a diagnosis needs: names, MACs and addresses become stand-ins
        #[arg(long)]
        redact: bool,
        /// On a Mac, record the command lines of programs that run VMs as well, without asking
        #[arg(long)]
        processes: bool,
    },
    /// Write a redacted copy of a snapshot
    Redact {
        /// The snapshot: its directory, or a zip
        #[arg(value_name = "DIR|FILE.zip")]
        directory: PathBuf,
        /// A new or empty directory, or a new file that ends in .zip
        #[arg(value_name = "NEW")]
        copy: PathBuf,
    },
    /// List what in a snapshot could still identify a person, a place or a device; exits with 1 if
    /// anything could
    Check {
        /// The snapshot: its directory, or a zip
        #[arg(value_name = "DIR|FILE.zip")]
        directory: PathBuf,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// What a snapshot holds
    Show {
        /// The snapshot: its directory, or a zip
        #[arg(value_name = "DIR|FILE.zip")]
        directory: PathBuf,
    },
}
