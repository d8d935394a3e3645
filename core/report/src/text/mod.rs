//! Text for people. Colour is never the only sign, and everything untrusted is escaped.

mod authoring;
mod booting;
mod checked;
mod codes;
mod doctor;
mod doctor_verdict;
mod explain;
mod fix;
mod headline;
mod hosts;
mod ladder;
mod lead;
mod machine_list;
mod networks;
mod no_address;
mod page;
mod path;
mod plugin_run;
mod plugin_trust;
mod plugins;
mod recorded;
mod resolve;
mod screen;
mod started;
mod status;
mod style;
mod summary;
mod table;
mod terminal;
mod traces;
mod unchecked;
mod watch;
mod words;
mod wrap;

pub use codes::code_hint;
pub use hosts::command_line;
pub use style::Style;
pub use terminal::Terminal;

pub(crate) use authoring::{write_new_project, write_plugin_check};
pub(crate) use checked::{Sources, asked, sources};
pub(crate) use codes::write_codes;
pub(crate) use doctor::write_doctor;
pub(crate) use explain::write_explanation;
pub(crate) use hosts::write_hosts;
pub(crate) use lead::reason;
pub(crate) use machine_list::write_machine_list;
pub(crate) use networks::write_networks;
pub(crate) use no_address::{no_address, no_address_of};
pub(crate) use page::write_page;
pub(crate) use plugin_run::{write_plugin_run, write_plugin_search};
pub(crate) use plugin_trust::{write_plugin_lock, write_plugin_request};
pub(crate) use plugins::{write_plugin_info, write_plugin_list};
pub(crate) use recorded::write_recorded;
pub(crate) use resolve::remark;
pub(crate) use screen::{write_doctor_screen, write_doctor_short};
pub(crate) use started::write_start_report;
pub(crate) use status::write_status;
pub(crate) use traces::write_traces;
pub(crate) use unchecked::named;
pub(crate) use watch::{draw_watch, watched, write_changes};

pub(crate) use words::{counted, pastes};

use words::distinct;
