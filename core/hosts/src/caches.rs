//! Flushes the caches of resolvers after the file has changed.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::Store;

/// Time limit of one tool. Each sends one message to a local service, which answers at once.
const DEADLINE: Duration = Duration::from_secs(2);

/// One tool of a platform.
struct Tool {
    program: &'static str,
    arguments: &'static [&'static str],
    /// Exists while the caching service runs. `None`: it always runs.
    service: Option<&'static str>,
}

#[cfg(target_os = "macos")]
const TOOLS: &[Tool] = &[
    Tool { program: "/usr/bin/dscacheutil", arguments: &["-flushcache"], service: None },
    Tool { program: "/usr/bin/killall", arguments: &["-HUP", "mDNSResponder"], service: None },
];

#[cfg(not(target_os = "macos"))]
const TOOLS: &[Tool] = &[
    Tool {
        program: "/usr/bin/resolvectl",
        arguments: &["flush-caches"],
        service: Some("/run/systemd/resolve/io.systemd.Resolve"),
    },
    Tool {
        program: "/usr/sbin/nscd",
        arguments: &["-i", "hosts"],
        service: Some("/run/nscd/socket"),
    },
];

/// The result for one cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheFlush {
    /// The command, such as `/usr/bin/resolvectl flush-caches`.
    pub command: String,
    /// The reason where it failed.
    pub outcome: Result<(), String>,
}

/// Flushes the caches of the running resolvers, if this is the system's hosts file.
pub fn flush_caches(hosts: &Store) -> Vec<CacheFlush> {
    if !hosts.is_system_file() {
        return Vec::new();
    }
    let runs = |tool: &&Tool| tool.service.is_none_or(|service| Path::new(service).exists());
    TOOLS.iter().filter(runs).map(|tool| flush(tool.program, tool.arguments)).collect()
}

fn flush(program: &str, arguments: &[&str]) -> CacheFlush {
    let command = [&[program], arguments].concat().join(" ");
    let child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let outcome = child.map_err(|error| error.to_string()).and_then(wait);
    CacheFlush { command, outcome }
}

/// Waits for the tool, and kills it at the deadline.
fn wait(child: Child) -> Result<(), String> {
    let process = Pid::from_child(&child);
    let (tell, hear) = mpsc::sync_channel(1);
    thread::spawn(move || tell.send(child.wait_with_output()).ok());
    let Ok(output) = hear.recv_timeout(DEADLINE) else {
        kill_process(process, Signal::KILL).ok();
        return Err(format!("no end within {} s", DEADLINE.as_secs()));
    };
    let output = output.map_err(|error| error.to_string())?;
    match String::from_utf8_lossy(&output.stderr).lines().next() {
        _ if output.status.success() => Ok(()),
        Some(line) => Err(line.to_owned()),
        None => Err(output.status.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_tools_that_fail_or_hang() {
        let sh = |script: &str| flush("/bin/sh", &["-c", script]).outcome;
        let rows = [
            ("exit 0", Ok(())),
            ("echo no service >&2; exit 1", Err("no service".to_owned())),
            ("exit 3", Err("exit status: 3".to_owned())),
            ("exec sleep 60", Err("no end within 2 s".to_owned())),
        ];
        for (script, expected) in rows {
            assert_eq!(sh(script), expected, "{script}");
        }
        assert!(flush("/nonexistent", &[]).outcome.is_err());
    }

    #[test]
    fn flushes_nothing_for_another_file() {
        assert_eq!(flush_caches(&Store::at(Path::new("/tmp/hosts")).unwrap()), []);
    }
}
