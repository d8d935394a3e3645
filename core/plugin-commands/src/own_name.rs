//! How commands that are shown call this program.

use std::path::Path;

/// Where sudo on Linux usually looks for programs, whatever its caller's path is.
const PATH_OF_SUDO: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// This program's name, or its path if sudo would not find the name. `None`: the path is not UTF-8.
#[must_use]
pub fn own_name(sudo: bool) -> Option<String> {
    let path = std::env::current_exe().ok()?;
    let found = || PATH_OF_SUDO.iter().any(|folder| path.parent() == Some(Path::new(folder)));
    if sudo && cfg!(target_os = "linux") && !found() {
        path.to_str().map(str::to_owned)
    } else {
        Some("vm".to_owned())
    }
}
