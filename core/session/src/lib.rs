//! Looks at machines: which exist, what the signals report, and the best address of each.
//!
//! [`Builder`] says where and how to look, [`Session::look`] looks once. [`Session::follow`] looks
//! again and keeps an address that was shown until another is clearly likelier; watchers and
//! servers use it. Nothing here prints or asks a person.

#![forbid(unsafe_code)]

mod builder;
mod command_place;
mod config;
mod consent;
mod error;
mod host_keys;
mod install;
mod look;
mod managers;
mod report_texts;
mod rights;
mod scene;
mod selection;
mod settings;
mod source;
mod unchecked;

pub use builder::Builder;
pub use config::{Config, ConfigError};
pub use consent::{Before, Request};
pub use error::Error;
pub use host_keys::{host_key_alias, state_folder};
pub use look::{Look, Row, Session};
pub use report_texts::begin_snapshot;
pub use rights::Rights;
pub use scene::Scene;
pub use selection::Selection;
pub use settings::Settings;
pub use source::Source;
pub use unchecked::worst;
pub use vmkit_platform::tool as system_tool;
