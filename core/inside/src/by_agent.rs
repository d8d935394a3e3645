//! What is said to a guest's agent so that it runs the script, and what it replies: `guest-exec` and
//! `guest-exec-status` of QEMU's guest agent (`qga/qapi-schema.json`).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use vmkit_types::{Unread, bounded, escaped};

use crate::{SCRIPT, answer::LONGEST_ANSWER};

/// Longest reply of an agent in bytes: the longest answer in base64, and what stands around it.
pub const LONGEST_REPLY: usize = LONGEST_ANSWER.div_ceil(3) * 4 + 4096;
/// Longest reason that is quoted.
const LONGEST_REASON: usize = 200;

/// What the guest's shell does with the script on its input. An agent keeps all that a command prints
/// until it is fetched, and lets a command run for ever, so both are bounded in the guest: 45 s are more
/// than name servers that are silent take, and leave time to fetch the output within a minute. Some guests
/// have no `timeout`, and busybox had one with other options until 1.30. A shell in the background would
/// read nothing from the input that it was started with.
const SHELL: &str = "exec 3<&0; if timeout 1 true 2>/dev/null; then timeout 45 sh -s; \
                     else sh -s <&3 & p=$!; (sleep 45; kill $p) >/dev/null 2>&1 & w=$!; wait $p; \
                     kill $w; fi 2>&1 | head -c 4194304";

/// A reply. `out-data` is not read here, so that a program that only passes it on does not decode it.
#[derive(Deserialize)]
struct Reply {
    #[serde(rename = "return")]
    returned: Option<Returned>,
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct Returned {
    pid: Option<u32>,
    exited: Option<bool>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    class: String,
    #[serde(default)]
    desc: String,
}

/// A reply with the output of the command.
#[derive(Deserialize)]
struct Ended {
    #[serde(rename = "return")]
    returned: Output,
}

#[derive(Deserialize)]
struct Output {
    #[serde(rename = "out-data", default)]
    output: String,
}

/// The request that starts the script, as the guest's root.
pub fn start_request() -> String {
    let input = STANDARD.encode(SCRIPT);
    format!(
        "{{\"execute\":\"guest-exec\",\"arguments\":{{\"path\":\"/bin/sh\",\"arg\":[\"-c\",\"{SHELL}\"],\
         \"input-data\":\"{input}\",\"capture-output\":true}}}}\n"
    )
}

/// The request for what the process of this number has printed, once it has ended.
pub fn outcome_request(process: u32) -> String {
    format!("{{\"execute\":\"guest-exec-status\",\"arguments\":{{\"pid\":{process}}}}}\n")
}

/// The number of the process that was started. `None`: none was, and [`agent_answer`] says why.
pub fn started(reply: &str) -> Option<u32> {
    serde_json::from_str::<Reply>(reply).ok()?.returned?.pid
}

/// Whether the reply says that the process still runs.
pub fn still_runs(reply: &str) -> bool {
    let reply = serde_json::from_str::<Reply>(reply).ok();
    reply.and_then(|reply| reply.returned?.exited) == Some(false)
}

/// What the script printed, in the agent's last reply.
///
/// # Errors
/// The agent did not run it, or its reply is not understood.
pub fn agent_answer(reply: &str) -> Result<Vec<u8>, Unread> {
    let malformed = |what: &str| {
        let what = escaped(bounded(what, LONGEST_REASON));
        Unread::Malformed(format!("the guest agent's reply: {what}"))
    };
    let known: Reply =
        serde_json::from_str(reply).map_err(|error| malformed(&error.to_string()))?;
    if let Some(fault) = known.error {
        return Err(refusal(&fault));
    }
    if known.returned.and_then(|returned| returned.exited) != Some(true) {
        return Err(malformed("it does not say how the command ended"));
    }
    let ended: Ended =
        serde_json::from_str(reply).map_err(|error| malformed(&error.to_string()))?;
    let output = STANDARD.decode(ended.returned.output);
    output.map_err(|error| malformed(&format!("its output: {error}")))
}

/// Why the agent runs no command. Distributions of Red Hat's disable `guest-exec`, and their `SELinux`
/// denies it the shell.
fn refusal(fault: &Fault) -> Unread {
    let said = escaped(bounded(fault.desc.trim(), LONGEST_REASON));
    if fault.class == "CommandNotFound" {
        return Unread::Denied(format!("the guest agent runs no commands: {said}"));
    }
    let why = format!("the guest agent did not run the commands: {said}");
    if said.contains("ermission denied") { Unread::Denied(why) } else { Unread::Failed(why) }
}
