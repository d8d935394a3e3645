//! What the sandbox of macOS takes from this process: writing files, starting programs and, unless the
//! plugin declared it, the network. Reading files stays open: libraries, preferences and tables that the
//! system's own code reads lie in places that differ between releases.
//!
//! `sandbox_init` is deprecated and has been in libSystem since macOS 10.5; browsers confine their
//! renderers by it. It takes a profile as text where no flag is set.

use vmkit_wire::Needs;

/// What stays open under the sandbox.
pub(super) const READS: &str = "this platform does not confine which of the user's files are read";

/// The rules. A descriptor that is open already stays usable, such as that to the host.
fn profile(needs: &Needs) -> String {
    let mut rules = String::from(
        "(version 1)\n(allow default)\n(deny file-write*)\n\
         (allow file-write-data (literal \"/dev/null\"))\n(deny process-exec*)\n",
    );
    // A path that would end its own quotes is none of a program's.
    let plain = |path: &&String| !path.contains(['"', '\\', '\n']);
    for path in needs.exec.iter().filter(plain) {
        rules.extend(["(allow process-exec (literal \"", path, "\"))\n"]);
    }
    if needs.exec.is_empty() {
        rules.push_str("(deny process-fork)\n");
    }
    if !needs.network {
        rules.push_str("(deny network*)\n");
    }
    rules
}

/// What is in force, in plain words, and what is not confined.
pub(super) fn said(needs: &Needs, result: Result<(), String>) -> (String, String) {
    match result {
        Ok(()) => {
            let programs = if needs.exec.is_empty() { "no programs" } else { "declared programs" };
            let network = if needs.network { "" } else { ", no network" };
            (format!("no writing of files, {programs}{network} by the sandbox"), READS.to_owned())
        }
        Err(why) => {
            let what =
                "confinement: not available: this platform confines neither files nor network";
            ("files and network not confined".to_owned(), format!("{what} ({why})"))
        }
    }
}

/// Puts the rules in force for this process for good.
///
/// # Errors
/// What the system says of them, such as that the process is in a sandbox already.
#[cfg(target_os = "macos")]
pub(super) fn restrict(needs: &Needs) -> Result<(), String> {
    use std::{
        ffi::{CStr, CString, c_char, c_int},
        ptr,
    };

    /// Longest message of the system's that is kept, in characters.
    const LONGEST: usize = 200;

    unsafe extern "C" {
        fn sandbox_init(profile: *const c_char, flags: u64, error: *mut *mut c_char) -> c_int;
        fn sandbox_free_error(error: *mut c_char);
    }
    let profile = CString::new(profile(needs)).map_err(|error| error.to_string())?;
    let mut error: *mut c_char = ptr::null_mut();
    // SAFETY: the profile ends with a zero and lives for the call; the error is a live pointer to write.
    if unsafe { sandbox_init(profile.as_ptr(), 0, &raw mut error) } == 0 {
        return Ok(());
    }
    if error.is_null() {
        return Err("sandbox_init gives no reason".to_owned());
    }
    // SAFETY: after a failure it is a text of the library that ends with a zero.
    let why = unsafe { CStr::from_ptr(error) }.to_string_lossy();
    let why: String = why.trim().chars().take(LONGEST).collect();
    // SAFETY: the library made the text, and nothing refers to it any more.
    unsafe { sandbox_free_error(error) };
    Err(format!("sandbox_init: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_and_programs_are_open_to_those_that_declared_them() {
        let closed = profile(&Needs::default());
        let open = profile(&Needs { network: true, ..Needs::default() });
        assert!(closed.contains("(deny network*)") && !open.contains("network"), "{closed}{open}");
        let exec =
            ["/usr/sbin/scutil", "/tmp/\"))(allow default)(x (\""].map(str::to_owned).to_vec();
        let running = profile(&Needs { exec, ..Needs::default() });
        assert!(!running.contains("process-fork") && !running.contains("/tmp"), "{running}");
        assert!(
            running.contains("(allow process-exec (literal \"/usr/sbin/scutil\"))"),
            "{running}"
        );
        for rules in [closed, open, running] {
            let deny = |what: &str| rules.contains(&format!("(deny {what})"));
            assert!(deny("file-write*") && deny("process-exec*"), "{rules}");
            let depth = |text: &str| {
                text.chars().fold(0_i32, |depth, letter| match letter {
                    '(' => depth + 1,
                    ')' => depth - 1,
                    _ => depth,
                })
            };
            assert!(rules.lines().all(|line| depth(line) == 0), "{rules}");
        }
    }

    #[test]
    fn a_sandbox_that_is_refused_is_said_and_no_error() {
        let none = Needs::default();
        let (words, open) = said(&none, Ok(()));
        assert_eq!(words, "no writing of files, no programs, no network by the sandbox");
        assert_eq!(open, READS);
        let network = Needs { network: true, ..none };
        assert!(!said(&network, Ok(())).0.contains("network"));
        let (words, open) = said(&network, Err("sandbox_init: Operation not permitted".to_owned()));
        assert_eq!(words, "files and network not confined");
        assert!(open.starts_with("confinement: not available: "), "{open}");
        assert!(open.ends_with("(sandbox_init: Operation not permitted)"), "{open}");
    }
}
