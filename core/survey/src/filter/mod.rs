//! A model of packet filters, and what they do to one packet.

mod compare;
mod constant;
mod evaluate;
mod field;
mod foreign;
mod json;
mod json_statement;
mod options;
mod packet;
mod passage;
mod reach;
mod rule_set;
mod rules;
mod save;
mod save_bridge;
mod save_ip;
mod steps;
#[cfg(test)]
mod tests;
mod text;
mod text_expression;
mod text_statement;
mod text_verdict;
mod way;
mod words;

pub use packet::{DhcpKind, Ends, Packet};
pub use passage::{Passage, Quoted};
pub use rule_set::RuleSet;
pub use way::Way;

/// Longest text kept of a rule.
const LONGEST_RULE: usize = 300;
