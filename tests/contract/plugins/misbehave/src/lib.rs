//! A signal that misbehaves as configured, in every way in which a plugin can harm its host.

#![expect(unsafe_code, reason = "safe code cannot misbehave like this")]

mod forbidden;

use std::{collections::HashMap, io::Write as _, os::fd::FromRawFd as _, time::Duration};

use serde::Deserialize;
use serde_json::Value;
use vmkit_plugin::{
    Cx, Error, ErrorCode, Kind, Observation, Plugin, Result, Signal, Subject, attribute,
};

#[derive(Deserialize)]
#[serde(default)]
struct Config {
    how: String,
    #[serde(flatten)]
    more: HashMap<String, Value>,
}

impl Default for Config {
    fn default() -> Self {
        Self { how: "well".to_owned(), more: HashMap::new() }
    }
}

struct Misbehave(Config);

impl Plugin for Misbehave {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        if !config.more.is_empty() && config.how != "lenient" {
            return Err(Error::new(ErrorCode::Configuration, "an unknown key"));
        }
        match config.how.as_str() {
            "bad" => Err(Error::new(ErrorCode::Configuration, "no good value")),
            "panic-when-made" => panic!("panic in new"),
            "hang-when-made" => hang(),
            "flood-log-when-made" => flood_log_frames(100),
            "flood-long-log-when-made" => flood_log_frames(4 << 20),
            "flood-standard-error-when-made" => {
                flood_standard_error();
                Ok(Self(Config::default()))
            }
            _ => Ok(Self(config)),
        }
    }
}

impl Signal for Misbehave {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        // What it reports needs nothing, so that it can be declared to need anything.
        if self.0.how == "forbidden" {
            return forbidden::attempt(cx);
        }
        for (vm, _) in vms.iter().enumerate() {
            cx.emit(fact(vm))?;
        }
        match self.0.how.as_str() {
            "well" | "lenient" => Ok(()),
            "panic" => panic!("panic on demand"),
            "abort" => std::process::abort(),
            "segfault" => segfault(),
            "exit" => std::process::exit(0),
            "hang" => hang(),
            "dawdle" => loop {
                cx.check()?;
                std::hint::spin_loop();
            },
            "flood" => loop {
                cx.emit_all((0..1000).map(|_| fact(0)).collect())?;
            },
            "flood-opening" => loop {
                // Whether it is opened does not matter.
                drop(cx.open_console(0));
            },
            "flood-log" => flood_log(),
            "print" => print(),
            "lie-about-machine" => cx.emit(fact(vms.len() + 7)),
            "lie-about-kind" => cx.emit(Observation::new(0, Kind::Other("\u{1b}]0;x".into()), "x")),
            "lie-about-arp" => cx.emit(unseen(Kind::ArpReply)),
            "lie-about-key" => {
                cx.emit(unseen(Kind::SshHostKey).with(attribute::HOST_KEY, "ssh-ed25519 AAAA"))
            }
            "lie-about-agent" => cx.emit(unseen(Kind::AgentAddress)),
            "lie-beside-a-kind" => {
                cx.emit(unseen(Kind::ConsoleAddress).with(attribute::HOST_KEY, "ssh-ed25519 AAAA"))
            }
            "garbage" => garbage(),
            "close" => close(),
            "read-standard-input" => {
                let mut line = String::new();
                std::io::stdin().read_line(&mut line).map_err(|e| Error::io("read stdin", &e))?;
                Ok(())
            }
            "ask-by-arp" => cx.who_has(&[[192, 168, 1, 9].into()]).map(|_| ()),
            #[cfg(target_os = "linux")]
            "outlive" => forbidden::outlive(),
            "record" => record(cx),
            "console" => cx.open_console(0).map(|_| ()),
            // `vm status` shows an error's message, unlike an observation without weight.
            "report-user" => {
                Err(Error::new(ErrorCode::Other, format!("running as user {}", forbidden::user())))
            }
            other => break_a_rule(other, vms, cx),
        }
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Misbehave);

/// Breaks a rule of plugins that does no harm to the host.
fn break_a_rule(how: &str, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
    match how {
        "expect-a-machine" => {
            let first = &vms[0];
            tracing::debug!(name = first.name, "the first");
            Ok(())
        }
        "slow" => vms.iter().try_for_each(|_| {
            std::thread::park_timeout(Duration::from_millis(20));
            cx.check()
        }),
        "expect-plain-names" if vms.iter().all(|vm| is_plain(&vm.name)) => Ok(()),
        "hang-on-many" if vms.len() < 1000 => Ok(()),
        "hang-on-many" => hang(),
        "read-a-file" => {
            let read = std::fs::read("/etc/passwd").map(drop);
            read.map_err(|error| Error::io("read /etc/passwd", &error))
        }
        "log-much" => {
            (0..2000).for_each(|number| tracing::warn!(number, "again"));
            Ok(())
        }
        "leave-a-thread" => {
            std::thread::spawn(|| hang());
            Ok(())
        }
        other => Err(Error::new(ErrorCode::Other, format!("behaviour {other}"))),
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn fact(vm: usize) -> Observation {
    Observation::new(vm, Kind::ConsoleAddress, "a fact").at([192, 168, 1, 9])
}

/// A fact that the manifest does not let it know.
fn unseen(kind: Kind) -> Observation {
    Observation::new(0, kind, "I just know").at([192, 168, 1, 66])
}

/// Records files of vmkit, of another plugin, and its own.
fn record(cx: &Cx<'_>) -> Result<()> {
    let names =
        ["snapshot.json", "neigh/ip-neigh.txt", "plugins/other.txt", "plugins/misbehave.txt"];
    for name in names {
        let says = match cx.record(name, b"forged") {
            Ok(()) => format!("{name}: recorded"),
            Err(why) => format!("{name}: {why}"),
        };
        cx.emit(Observation::new(0, Kind::ConsolePhase, says))?;
    }
    Ok(())
}

/// Writes log lines of so many bytes to every descriptor, and thereby to the host's socket.
fn flood_log_frames(length: usize) -> ! {
    let text =
        format!(r#"{{"type":"log","level":1,"target":"x","message":"{}"}}"#, "x".repeat(length));
    let mut frame = u32::try_from(text.len()).unwrap_or(0).to_le_bytes().to_vec();
    frame.extend(text.bytes());
    loop {
        for descriptor in 3..64 {
            // SAFETY: writing to a descriptor that is not open fails; the file is never dropped, so
            // nothing is closed.
            let mut file =
                std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(descriptor) });
            file.write_all(&frame).ok();
        }
    }
}

fn flood_log() -> ! {
    loop {
        tracing::error!("{}", "x".repeat(4000));
    }
}

#[expect(clippy::print_stderr, reason = "printing is the misbehaviour")]
fn flood_standard_error() {
    let line = "x".repeat(4000);
    (0..10_000).for_each(|_| eprintln!("{line}"));
}

fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

fn segfault() -> ! {
    // SAFETY: none; the page at 8 is not mapped, and crashing is intended.
    unsafe { std::ptr::write_volatile(8 as *mut u8, 1) };
    hang()
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is the misbehaviour")]
#[expect(clippy::unnecessary_wraps, reason = "one arm of a match of results")]
fn print() -> Result<()> {
    println!("\u{1b}[2Jvm status says what I want");
    eprintln!("\u{1b}[2Jvm status says what I want");
    Ok(())
}

/// Writes to every descriptor, including the host's socket.
fn garbage() -> Result<()> {
    for descriptor in 3..64 {
        // SAFETY: writing to a descriptor that is not open fails; the file is never dropped, so
        // nothing is closed.
        let mut file =
            std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(descriptor) });
        // Most of them are not writable; the host's socket is.
        file.write_all(b"\x05\0\0\0{]garbage").ok();
    }
    hang()
}

/// Closes every descriptor, including the host's socket, and keeps running.
fn close() -> Result<()> {
    for descriptor in 3..64 {
        // SAFETY: none; closing descriptors of others is intended.
        unsafe { libc::shutdown(descriptor, libc::SHUT_RDWR) };
        // SAFETY: as above.
        unsafe { libc::close(descriptor) };
    }
    hang()
}
