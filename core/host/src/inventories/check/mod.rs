//! Checks the machines that an inventory lists, field by field: what cannot be right is unknown, with the
//! reason, and a machine that cannot be told from others is dropped.

use std::{
    collections::HashSet,
    path::{Component, Path},
};

use vmkit_types::{
    ListedMachine, MachineState, Reading, Remark, SubjectCard, Unread, bounded, escaped,
    is_host_address,
};
use vmkit_wire::WireMachine;

/// Longest id of a machine, in bytes: the path of its files may be one.
const LONGEST_ID: usize = 1024;
/// Longest name of a machine, in bytes. Managers allow 80 to 250.
const LONGEST_NAME: usize = 255;
/// Longest path, in bytes.
const LONGEST_PATH: usize = 1024;
/// Longest name of a user, in bytes.
const LONGEST_USER: usize = 64;
/// Longest host name, in bytes, as in DNS.
const LONGEST_HOSTNAME: usize = 253;
/// Longest name of an interface or network, in bytes.
const LONGEST_INTERFACE: usize = 64;
/// Longest sentence of a remark and of a reason, in bytes; longer ones are cut.
const LONGEST_SENTENCE: usize = 300;
/// Longest code of a remark, in bytes.
const LONGEST_CODE: usize = 40;
/// Most remarks; further ones are dropped.
const MOST_REMARKS: usize = 16;
/// Most of anything else that one machine has several of.
const MOST_ITEMS: usize = 256;
/// Most problems that are shown of one list.
const MOST_PROBLEMS: usize = 8;

/// The machines that are kept, and what is wrong with the others, each in a sentence.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) machines: Vec<ListedMachine>,
    /// The ids of those whose process was not proven.
    pub(super) unproven: HashSet<String>,
    pub(super) problems: Vec<String>,
}

/// How the processes of machines are proven.
pub(super) struct Proof<F> {
    /// Whether a process runs a program of the manifest.
    pub(super) prove: F,
    /// Whether the inventory reads no files, so that all that it lists is what processes say.
    pub(super) processes_only: bool,
}

/// Checks the machines of one list. `proof`: `None`: the manifest names no programs, so that the manager's
/// word counts.
pub(super) fn checked(
    items: Vec<WireMachine>,
    most: usize,
    mut proof: Option<Proof<impl FnMut(u32) -> Result<(), Unread>>>,
) -> Checked {
    let mut checked = Checked::default();
    let (mut ids, mut pids) = (HashSet::new(), HashSet::new());
    let (mut dropped, are_more) = (0, items.len() > most);
    for item in items.into_iter().take(most) {
        let machine = item.listed().map_err(str::to_owned).and_then(|machine| {
            check_identity(&machine, &mut ids)?;
            Ok(machine)
        });
        match machine {
            Ok(mut machine) => {
                match &mut proof {
                    Some(Proof { prove, processes_only }) => {
                        if let Err(why) = check_process(&mut machine, &mut pids, prove) {
                            machine = unproven(machine, &why, *processes_only);
                            checked.unproven.insert(machine.id.clone());
                        }
                    }
                    None => machine.pid = Reading::Absent,
                }
                checked.machines.push(bounded_machine(machine));
            }
            Err(_) if checked.problems.len() >= MOST_PROBLEMS => dropped += 1,
            Err(problem) => checked.problems.push(problem),
        }
    }
    if dropped > 0 {
        checked.problems.push(format!("{dropped} more machines that cannot be used"));
    }
    if are_more {
        checked
            .problems
            .push(format!("it lists more than {most} machines; the others are ignored"));
    }
    checked
}

fn check_identity(machine: &ListedMachine, ids: &mut HashSet<String>) -> Result<(), String> {
    let ListedMachine { id, name, .. } = machine;
    let shown = |text: &str| escaped(bounded(text, LONGEST_NAME));
    if name.trim().is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(format!("a machine has no usable name: {:?}", shown(name)));
    }
    if id.is_empty() || id.len() > LONGEST_ID || id.chars().any(char::is_control) {
        return Err(format!("the machine {:?} has no usable id", shown(name)));
    }
    if !ids.insert(id.clone()) {
        return Err(format!("the machine {:?} has the id of another one", shown(name)));
    }
    Ok(())
}

/// Keeps a process that is proven and no other machine's, and the state as far as it follows from that.
///
/// # Errors
/// Why the process that it names is not proven.
fn check_process(
    machine: &mut ListedMachine,
    pids: &mut HashSet<u32>,
    prove: &mut impl FnMut(u32) -> Result<(), Unread>,
) -> Result<(), Unread> {
    let named = machine.pid.as_ref().known().copied();
    machine.pid = with(machine.pid.clone(), |pid| {
        prove(pid)?;
        if !pids.insert(pid) {
            return Err(Unread::Failed(format!("another machine has the process {pid}")));
        }
        Ok(pid)
    });
    machine.state = proven(machine.state.clone(), &machine.pid);
    match (named, &machine.pid) {
        (Some(_), Reading::Unknown(why)) => Err(why.clone()),
        _ => Ok(()),
    }
}

/// What remains of a machine whose process is not proven. Whose it is nobody knows, so it leads nowhere.
fn unproven(machine: ListedMachine, why: &Unread, processes_only: bool) -> ListedMachine {
    let ListedMachine { id, name, state, pid, .. } = machine.clone();
    if processes_only {
        return ListedMachine { state, pid, ..ListedMachine::new(id, name) };
    }
    ListedMachine {
        console: Reading::Unknown(why.clone()),
        monitor: Reading::Unknown(why.clone()),
        guest_agent: Reading::Unknown(why.clone()),
        ssh: Reading::Unknown(why.clone()),
        forwards: Reading::Unknown(why.clone()),
        addresses: Reading::Unknown(why.clone()),
        ..machine
    }
}

fn bounded_machine(machine: ListedMachine) -> ListedMachine {
    let all = |paths: Vec<String>| paths.into_iter().map(|it| path("disks", it)).collect();
    ListedMachine {
        state: with(machine.state, Ok),
        pid: machine.pid,
        cards: with(machine.cards, |it| Ok(few("cards", it)?.into_iter().map(card).collect())),
        hostname: with(machine.hostname, |it| word("hostname", it, LONGEST_HOSTNAME)),
        username: with(machine.username, |it| word("username", it, LONGEST_USER)),
        console: with(machine.console, |it| path("console", it)),
        monitor: with(machine.monitor, |it| path("monitor", it)),
        guest_agent: with(machine.guest_agent, |it| path("guest_agent", it)),
        ssh: with(machine.ssh, |it| {
            if it.port() == 0 || it.ip().is_unspecified() || it.ip().is_multicast() {
                return Err(malformed("ssh", &it.to_string()));
            }
            Ok(it)
        }),
        identity_file: with(machine.identity_file, |it| path("identity_file", it)),
        forwards: with(machine.forwards, |it| {
            let is_port = |it: &vmkit_types::Forward| it.guest_port != 0 && it.listens.port() != 0;
            Ok(few("forwards", it)?.into_iter().filter(is_port).collect())
        }),
        disks: with(machine.disks, |it| all(few("disks", it)?)),
        addresses: with(machine.addresses, |it| {
            Ok(few("addresses", it)?.into_iter().filter(|it| is_host_address(*it)).collect())
        }),
        remarks: with(machine.remarks, |it| Ok(it.iter().take(MOST_REMARKS).map(remark).collect())),
        id: machine.id,
        name: machine.name,
    }
}

/// The state, as far as the process proves it: files of a manager may be older than its end.
fn proven(state: Reading<MachineState>, pid: &Reading<u32>) -> Reading<MachineState> {
    with(state, |state| match (state, pid) {
        (MachineState::Stopped | MachineState::Missing, _) | (_, Reading::Known(_)) => Ok(state),
        (MachineState::Running | MachineState::Paused, Reading::Unknown(why))
            if *why != Unread::NotTried =>
        {
            Err(why.clone())
        }
        (MachineState::Running | MachineState::Paused, _) => {
            let state = state.code();
            Err(Unread::Failed(format!("its manager says {state}, and no process proves it")))
        }
    })
}

/// The reading with its value checked, and its reason bounded.
fn with<T, U>(reading: Reading<T>, check: impl FnOnce(T) -> Result<U, Unread>) -> Reading<U> {
    let bounded = |why: Unread| {
        Reading::Unknown(Unread::from_code(why.code(), bounded(why.detail(), LONGEST_SENTENCE)))
    };
    match reading {
        Reading::Known(value) => check(value).map_or_else(bounded, Reading::Known),
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => bounded(why),
    }
}

fn malformed(field: &str, value: &str) -> Unread {
    Unread::Malformed(format!("{field}: {}", bounded(value, 100)))
}

fn few<T>(field: &str, items: Vec<T>) -> Result<Vec<T>, Unread> {
    if items.len() > MOST_ITEMS {
        return Err(Unread::Malformed(format!("{field}: more than {MOST_ITEMS}")));
    }
    Ok(items)
}

/// An absolute path of plain parts.
fn path(field: &str, text: String) -> Result<String, Unread> {
    let plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
    let is_usable = text.starts_with('/')
        && text.len() <= LONGEST_PATH
        && !text.chars().any(char::is_control)
        && Path::new(&text).components().all(plain);
    if is_usable { Ok(text) } else { Err(malformed(field, &text)) }
}

/// A name that is no option of a program, and one word.
fn word(field: &str, text: String, longest: usize) -> Result<String, Unread> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.@+$".contains(c);
    let is_usable = text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        && text.len() <= longest
        && text.chars().all(is_plain);
    if is_usable { Ok(text) } else { Err(malformed(field, &text)) }
}

/// The card without what no card can have.
fn card(card: SubjectCard) -> SubjectCard {
    let usable = |name: &String| {
        !name.is_empty()
            && name.len() <= LONGEST_INTERFACE
            && !name.contains(|c: char| c.is_control() || c.is_whitespace() || c == '/')
    };
    SubjectCard {
        mac: card.mac.filter(|mac| !mac.is_zero() && !mac.is_multicast()),
        mode: card.mode,
        interface: card.interface.filter(usable),
        port: card.port.filter(usable),
    }
}

fn remark(remark: &Remark) -> Remark {
    Remark {
        code: bounded(&remark.code, LONGEST_CODE).to_owned(),
        about: remark.about.clone().filter(|about| is_plain(about)),
        says: bounded(&remark.says, LONGEST_SENTENCE).to_owned(),
    }
}

/// Whether what a remark is about may stand in a command.
fn is_plain(about: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    about.len() <= LONGEST_NAME && !about.starts_with('-') && about.chars().all(is_plain)
}

#[cfg(test)]
mod tests;
