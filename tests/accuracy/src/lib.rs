//! How often vmkit picks the right address: labelled cases, vmkit's answers, and those of plain
//! rules on the same evidence.
//!
//! A family draws what is true (`world`), models of the sources tell of it (`sources`), and the
//! answers are compared with what was drawn (`measure`). Nothing here knows a weight. Beside the
//! families stand cases written by hand (`written`), each after a trouble that somebody had, and
//! records of real networks (`recorded`).

#![forbid(unsafe_code)]

pub mod bins;
pub mod calibrate;
pub mod careful;
pub mod diagnosis;
pub mod diagram;
pub mod families;
pub mod labelled;
pub mod measure;
pub mod random;
pub mod recorded;
pub mod rules;
pub mod run;
pub mod show;
pub mod sources;
pub mod table;
pub mod world;
pub mod written;
