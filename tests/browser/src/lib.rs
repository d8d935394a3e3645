//! Opens pages in a headless Chromium and asks it what a person would see.
//!
//! Chromium is driven by its `DevTools` protocol over two pipes, so that nothing listens anywhere.

#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

mod browser;
mod devtools;
mod page;

pub use browser::Browser;
pub use page::{Page, View};
