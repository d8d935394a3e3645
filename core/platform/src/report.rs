//! What a bug report needs beside the evidence: which release and language of the system this is, and what its tools
//! print, word for word, since each release may word it otherwise.

use vmkit_types::Reading;

#[cfg(target_os = "macos")]
use crate::command::Tool;

/// One text of a bug report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportText {
    /// A name that serves as a file's.
    pub name: &'static str,
    /// What the tool printed.
    pub text: Reading<String>,
}

/// The tools of macOS that vmkit reads, and those that name the release and the language. All of them only read.
#[cfg(any(target_os = "macos", test))]
const TOOLS: [(&str, &str); 14] = [
    ("release", "/usr/bin/sw_vers"),
    ("locale", "/usr/bin/defaults read -g AppleLocale"),
    ("languages", "/usr/bin/defaults read -g AppleLanguages"),
    ("ifconfig", "/sbin/ifconfig -a -v -v"),
    ("netstat", "/usr/sbin/netstat -rn"),
    ("arp", "/usr/sbin/arp -an"),
    ("ndp", "/usr/sbin/ndp -an"),
    ("scutil-dns", "/usr/sbin/scutil --dns"),
    ("hardware-ports", "/usr/sbin/networksetup -listallhardwareports"),
    ("getpacket-en0", "/usr/sbin/ipconfig getpacket en0"),
    ("firewall-state", "/usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate"),
    ("firewall-block-all", "/usr/libexec/ApplicationFirewall/socketfilterfw --getblockall"),
    ("firewall-signed", "/usr/libexec/ApplicationFirewall/socketfilterfw --getallowsigned"),
    ("firewall-programs", "/usr/libexec/ApplicationFirewall/socketfilterfw --listapps"),
];
/// The tool for processes, as `Platform::processes` runs it.
#[cfg(target_os = "macos")]
const PROCESSES: &str = "/bin/ps -axww -o pid=,uid=,ruid=,etime=,args=";
/// What the names of programs that run VMs begin with.
#[cfg(any(target_os = "macos", test))]
const RUN_MACHINES: [&str; 10] = [
    "qemu-system-",
    "vfkit",
    "krunkit",
    "tart",
    "limactl",
    "com.apple.Virtualization",
    "prl_vm_app",
    "vmware-vmx",
    "VBoxHeadless",
    "OrbStack",
];
/// The variables that say which program shows the terminal, and in which language.
#[cfg(any(target_os = "macos", test))]
const VARIABLES: [&str; 5] = ["TERM_PROGRAM", "TERM_PROGRAM_VERSION", "LANG", "LC_ALL", "LC_CTYPE"];

/// Whether a bug report of this system has such texts.
pub const HAS_REPORT_TEXTS: bool = cfg!(target_os = "macos");

/// The texts; none where the system's evidence is complete without. `with_processes`: the command lines of programs
/// that run VMs as well, which may hold what a person typed there.
pub fn report_texts(with_processes: bool) -> Vec<ReportText> {
    #[cfg(target_os = "macos")]
    return of_this_mac(with_processes);
    #[cfg(not(target_os = "macos"))]
    return {
        let _ = with_processes;
        Vec::new()
    };
}

/// All tools run at once, so that this takes as long as the slowest.
#[cfg(target_os = "macos")]
fn of_this_mac(with_processes: bool) -> Vec<ReportText> {
    let start = |line: &str| {
        let mut words = line.split(' ');
        let program = words.next().unwrap_or_default();
        Tool::start(program, &words.collect::<Vec<_>>())
    };
    let tools = TOOLS.map(|(name, line)| (name, start(line)));
    let processes = with_processes.then(|| start(PROCESSES));
    let mut texts: Vec<ReportText> =
        tools.into_iter().map(|(name, tool)| ReportText { name, text: tool.output() }).collect();
    let text = Reading::Known(environment(|name| std::env::var(name).ok()));
    texts.push(ReportText { name: "environment", text });
    texts.extend(processes.map(|tool| ReportText {
        name: "processes",
        text: tool.output().map(|text| machines_only(&text)),
    }));
    texts
}

/// The variables that are set, one a line.
#[cfg(any(target_os = "macos", test))]
fn environment(value: impl Fn(&str) -> Option<String>) -> String {
    let line = |name: &&str| Some(format!("{name}={}\n", value(name)?.escape_default()));
    VARIABLES.iter().filter_map(line).collect()
}

/// The lines of `ps` of programs that run VMs. A program's path may have spaces, and so may its
/// folders: each word that could end it counts.
#[cfg(any(target_os = "macos", test))]
fn machines_only(text: &str) -> String {
    let runs_machine = |line: &str| {
        let mut words = line.split_whitespace().skip(4).take_while(|word| !word.starts_with('-'));
        words.any(|word| {
            let name = word.rsplit('/').next().unwrap_or(word);
            RUN_MACHINES.iter().any(|begins| name.starts_with(begins))
        })
    };
    text.split_inclusive('\n').filter(|line| runs_machine(line)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_text_has_a_name_of_its_own_and_a_tool_by_its_path() {
        let names: BTreeSet<_> = TOOLS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), TOOLS.len());
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        for (name, line) in TOOLS {
            assert!(name.bytes().all(plain), "{name}");
            assert!(line.starts_with('/') && !line.contains("  "), "{line}");
        }
    }

    #[test]
    fn only_the_language_and_the_terminal_are_taken_from_the_environment() {
        let value = |name: &str| match name {
            "TERM_PROGRAM" => Some("iTerm.app".to_owned()),
            "LANG" => Some("de_DE.UTF-8\n".to_owned()),
            "LC_ALL" | "LC_CTYPE" | "TERM_PROGRAM_VERSION" => None,
            other => panic!("{other} may be a secret"),
        };
        assert_eq!(environment(value), "TERM_PROGRAM=iTerm.app\nLANG=de_DE.UTF-8\\n\n");
    }

    #[test]
    fn only_programs_that_run_machines_are_recorded() {
        let text = "
    1     0     0 02-03:04:05 /sbin/launchd
 4242     0   501    01:21 /opt/homebrew/bin/qemu-system-aarch64 -m 4096 -name web
 4243   501   501    01:21 /Applications/My Apps/UTM.app/Contents/MacOS/qemu-system-x86_64 -m 1
 4244   501   501    01:21 vim notes-about-qemu.txt
 4245   501   501    01:21 mysql --password secret /usr/bin/qemu-system-x86_64
 4246   501   501    01:21 /opt/homebrew/bin/vfkit --cpus 2
 4247   501   501
";
        let expected = [4242, 4243, 4246];
        let recorded = machines_only(text);
        let pids = recorded.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok());
        assert_eq!(pids.collect::<Vec<u32>>(), expected);
        assert_eq!(recorded.lines().next(), text.lines().nth(2), "lines stay as they are");
    }
}
