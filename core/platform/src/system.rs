//! The operating system with its version, in one line.

use std::{fs::File, io::Read as _};

use rustix::system::uname;

/// Most bytes that are read of the file that names the system: real ones have about 500.
const LONGEST_FILE: u64 = 16 * 1024;
/// Longest name that is shown, in characters.
const LONGEST_NAME: usize = 64;

/// This computer's system, such as `Ubuntu 24.04.2 LTS (Linux 6.8.0-53-generic, x86_64)`.
pub fn system() -> String {
    let (file, name): (_, fn(&str) -> Option<String>) = if cfg!(target_os = "macos") {
        ("/System/Library/CoreServices/SystemVersion.plist", product_version)
    } else {
        ("/etc/os-release", pretty_name)
    };
    let mut text = String::new();
    let read = File::open(file).and_then(|file| file.take(LONGEST_FILE).read_to_string(&mut text));
    let name = read.ok().and_then(|_| name(&text));
    let kernel = uname();
    let parts = [kernel.sysname(), kernel.release(), kernel.machine()];
    described(name, &parts.map(|part| part.to_string_lossy().into_owned()))
}

fn described(name: Option<String>, [kernel, release, machine]: &[String; 3]) -> String {
    match name {
        Some(name) => format!("{name} ({kernel} {release}, {machine})"),
        None => format!("{kernel} {release}, {machine}"),
    }
}

/// `PRETTY_NAME` of an os-release file.
fn pretty_name(os_release: &str) -> Option<String> {
    let value = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    named(value.trim().trim_matches(['"', '\'']))
}

/// macOS with the version of its `SystemVersion.plist`.
fn product_version(plist: &str) -> Option<String> {
    let (_, after) = plist.split_once("<key>ProductVersion</key>")?;
    let (_, value) = after.split_once("<string>")?;
    let (version, _) = value.split_once("</string>")?;
    named(version.trim()).map(|version| format!("macOS {version}"))
}

fn named(text: &str) -> Option<String> {
    let name: String = text.chars().take(LONGEST_NAME).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_system_as_its_file_does() {
        let ubuntu = "NAME=\"Ubuntu\"\nPRETTY_NAME=\"Ubuntu 24.04.2 LTS\"\nVERSION_ID=\"24.04\"\n";
        let alpine = "NAME=Alpine\nPRETTY_NAME='Alpine Linux v3.20'\n";
        assert_eq!(pretty_name(ubuntu).as_deref(), Some("Ubuntu 24.04.2 LTS"));
        assert_eq!(pretty_name(alpine).as_deref(), Some("Alpine Linux v3.20"));
        assert_eq!(pretty_name("NAME=Void\nPRETTY_NAME=\"\"\n"), None);
        let plist = "<dict>\n<key>ProductName</key>\n<string>macOS</string>\n\
                     <key>ProductVersion</key>\n<string>15.1</string>\n</dict>";
        assert_eq!(product_version(plist).as_deref(), Some("macOS 15.1"));
        assert_eq!(product_version("<key>ProductVersion</key>"), None);
    }

    #[test]
    fn a_system_without_a_name_is_its_kernel() {
        let kernel = ["Linux", "6.8.0", "x86_64"].map(str::to_owned);
        assert_eq!(described(None, &kernel), "Linux 6.8.0, x86_64");
        let named = described(Some("Void".to_owned()), &kernel);
        assert_eq!(named, "Void (Linux 6.8.0, x86_64)");
    }
}
