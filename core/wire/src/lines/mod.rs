//! The lines of JSON that `vm-worker` and the program of a plugin exchange; `docs/protocol.md` says what
//! they mean. Unknown fields are ignored in both directions.

mod from_host;
mod from_program;

pub use from_host::{AnswerLine, ArpReplyLine, HostLine, LogLevel, RefusalCode};
pub use from_program::{AdviceLine, ObservationLine, Part, ProgramLine, StepLine};

/// Version of the line protocol. A later version only adds.
pub const LINE_PROTOCOL: u32 = 1;

/// Longest line of a program, in bytes without its end.
pub const LINE_LIMIT: usize = 1 << 20;

/// Any line.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[schemars(title = "vmkit.plugin-protocol/1")]
#[expect(dead_code, reason = "it is read for its schema")]
enum Line {
    /// From `vm-worker` to the program.
    FromHost(HostLine<'static>),
    /// From the program to `vm-worker`.
    FromProgram(ProgramLine),
}

/// The JSON Schema of all lines, for docs/schema.
#[cfg(feature = "schema")]
pub fn schema() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(Line)).unwrap_or_default() + "\n"
}
