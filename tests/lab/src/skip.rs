//! Skips a test where labs cannot be built.

use std::env;

use crate::LabError;

/// The lab, or a part of it. Without the rights or programs for it, prints that the test is skipped.
///
/// # Panics
/// `CI` is set and the lab cannot be built, or building fails for another reason.
pub fn or_skip<T>(lab: Result<T, LabError>) -> Option<T> {
    match lab {
        Ok(lab) => Some(lab),
        Err(LabError::Missing(what)) if env::var_os("CI").is_none() => {
            skipped(&what);
            None
        }
        Err(error) => panic!("the lab cannot be built: {error}"),
    }
}

#[expect(clippy::print_stdout, reason = "a test that does not run must not look like one that did")]
fn skipped(what: &str) {
    println!("\n!!! SKIPPED: the lab needs {what}\n");
}
