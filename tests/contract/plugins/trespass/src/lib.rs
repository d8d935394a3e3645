//! A signal that declares ARP and the guest agent, in the words of an earlier version, and tries to send
//! more than questions.

#![expect(unsafe_code, reason = "a descriptor that a host would hand over")]

use std::{fs::File, io::Write as _, os::fd::FromRawFd as _};

use serde::Deserialize;
use vmkit_plugin::{
    Cx, Kind, Observation, Plugin, Result, Signal, Stage, Subject,
    abi::{Question, Resource, stable::RResult},
};

/// An ARP reply to everybody: 192.168.77.1 is at 02:00:00:00:00:66.
const FORGED: [u8; 42] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0x66, 0x08, 0x06, //
    0, 1, 0x08, 0, 6, 4, 0, 2, //
    2, 0, 0, 0, 0, 0x66, 192, 168, 77, 1, //
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 192, 168, 77, 255,
];

/// Runs a program in the guest.
const RUN: &[u8] = b"{\"execute\":\"guest-exec\",\"arguments\":{\"path\":\"/bin/true\"}}\n";

/// Commands for the agent, and things that only look like one.
const COMMANDS: [&str; 13] = [
    "guest-exec",
    "guest-exec-status",
    "guest-file-open",
    "guest-file-write",
    "guest-set-user-password",
    "guest-ssh-add-authorized-keys",
    "guest-shutdown",
    "guest-network-get-interfaces\"}\n{\"execute\":\"guest-exec",
    "Guest-Get-Osinfo",
    "",
    "guest-network-get-interfaces",
    "guest-get-host-name",
    "guest-get-osinfo",
];

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {}

struct Trespass;

impl Plugin for Trespass {
    type Config = Config;

    fn new(_: Config) -> Result<Self> {
        Ok(Self)
    }
}

impl Signal for Trespass {
    fn observe(&self, _: &[Subject], cx: &Cx<'_>) -> Result<()> {
        let attempts = match cx.stage() {
            Stage::Discover => of_agents(cx),
            Stage::Confirm => of_links(cx),
        };
        attempts.into_iter().try_for_each(|(what, outcome)| {
            let says = format!("{what}: {}", outcome.unwrap_or_else(|why| why));
            cx.emit(Observation::new(0, Kind::Other("said".to_owned()), says))
        })
    }
}

type Attempt = (String, Result<String, String>);

fn of_agents(cx: &Cx<'_>) -> Vec<Attempt> {
    let mut attempts = vec![("channel".to_owned(), send(cx, Resource::GUEST_AGENT, "0", RUN))];
    let asked = COMMANDS.iter().chain(COMMANDS.last());
    attempts.extend(
        asked.map(|command| {
            ((*command).to_owned(), ask(cx, Question::GUEST_AGENTS, &[command, "0"]))
        }),
    );
    attempts.push(("nobody".to_owned(), ask(cx, Question::GUEST_AGENTS, &[COMMANDS[10], "7"])));
    attempts.push(("later".to_owned(), ask(cx, Question(99), &[])));
    attempts
}

fn of_links(cx: &Cx<'_>) -> Vec<Attempt> {
    let links = ["br0", "br1", "lo"];
    let sends = |link: &str| (link.to_owned(), send(cx, Resource::RAW_SOCKET, link, &FORGED));
    let mut attempts: Vec<_> = links.into_iter().map(sends).collect();
    let words = ["192.168.77.1", "8.8.8.8", "fe80::1", "br0", "192.168.77.50", "192.168.77.50"];
    for what in ["ask", "ask again"] {
        attempts.push((what.to_owned(), ask(cx, Question::WHO_HAS, &words)));
    }
    attempts
}

/// Opens a channel as plugins of earlier versions did, and writes to it.
fn send(cx: &Cx<'_>, resource: Resource, argument: &str, bytes: &[u8]) -> Result<String, String> {
    match cx.host().open(resource, argument.into()) {
        RResult::ROk(descriptor) => {
            // SAFETY: the host hands the descriptor over.
            let mut channel = unsafe { File::from_raw_fd(descriptor) };
            channel.write_all(bytes).map_err(|error| error.to_string())?;
            Ok("sent".to_owned())
        }
        RResult::RErr(error) => Err(error.message.into_string()),
    }
}

/// Asks, and returns the answers on one line.
fn ask(cx: &Cx<'_>, question: Question, words: &[&str]) -> Result<String, String> {
    let words = words.iter().map(|word| (*word).into()).collect();
    let failed = |error: vmkit_plugin::abi::Error| error.message.into_string();
    cx.host().ask(question, words).into_result().map_err(failed)?;
    let mut answers = Vec::new();
    while let Some(answer) = cx.host().answer().into_result().map_err(failed)?.into_option() {
        let values: Vec<&str> = answer.iter().map(|pair| pair.value.as_str()).collect();
        answers.push(values.join(" "));
    }
    Ok(answers.join("; "))
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Trespass);
