//! The rules that every plugin keeps, and whether one does.
//!
//! `exercises` says what a plugin is tried with, the host tries it, and `judging` compares what the plugin
//! did with the rules.

mod evidence;
mod exercises;
mod judging;
mod machines;
mod rules;
mod schema;
mod words;

use evidence::{Evidence, Purpose};
pub use judging::{check, list_machines, without_manifest};
pub use words::{Judgement, Outcome};
