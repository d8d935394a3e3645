//! DHCP and DNS of the network: dnsmasq, which ends with the keeper.

use std::{
    ffi::OsString,
    fs, io,
    io::{BufRead as _, BufReader},
    os::unix::{
        fs::{OpenOptionsExt as _, chown},
        process::CommandExt as _,
    },
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use nix::unistd::User;
use rustix::{
    process::{Gid, Signal, Uid, getppid, set_parent_process_death_signal},
    thread::{
        CapabilitySet, CapabilitySets, configure_capability_in_ambient_set, set_capabilities,
        set_keep_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid,
        set_thread_res_uid,
    },
};
use vmkit_attach::{SHARED_BRIDGE, Subnet};
use vmkit_rights::{Account, Refusal, find_program};

use super::place;

/// The word of the mode that becomes dnsmasq, followed by the keeper's number, user, group, and
/// dnsmasq's arguments.
pub(crate) const MODE: &str = "serve-shared-network";

/// How long dnsmasq may take to serve. It reads a few files; the rest is for a busy computer.
const START: Duration = Duration::from_secs(10);
/// What it says once it serves.
const SERVES: &str = "started, version";
/// The users that its packages make, and one without rights.
const USERS: [&str; 2] = ["dnsmasq", "nobody"];
/// For how long a machine has its address without asking again.
const LEASE: &str = "12h";
const LEASES: &str = "dnsmasq.leases";
/// What it needs: to know interfaces, to see who has an address, and the ports 53 and 67.
const RIGHTS: CapabilitySet =
    CapabilitySet::NET_ADMIN.union(CapabilitySet::NET_RAW).union(CapabilitySet::NET_BIND_SERVICE);

/// Its arguments.
fn arguments(subnet: &Subnet) -> Vec<OsString> {
    let (first, last) = subnet.pool();
    let fixed = [
        // No settings of others.
        "--conf-file=/dev/null",
        "--pid-file=",
        "--keep-in-foreground",
        "--log-facility=-",
        // Answers what comes by its interface alone, whatever address it was sent to.
        "--bind-dynamic",
        "--except-interface=lo",
        "--dhcp-authoritative",
        // Looking for others at an address before offering it takes three seconds.
        "--no-ping",
        // A machine of this name would tell others which proxy to use (VU#598349).
        "--dhcp-name-match=set:wpad,wpad",
        "--dhcp-ignore-names=tag:wpad",
    ];
    let mut arguments: Vec<OsString> = fixed.into_iter().map(OsString::from).collect();
    arguments.push(format!("--interface={SHARED_BRIDGE}").into());
    arguments.push(format!("--listen-address={}", subnet.gateway).into());
    arguments.push(format!("--dhcp-range={first},{last},{LEASE}").into());
    let leases = place::file(LEASES);
    arguments.push(format!("--dhcp-leasefile={}", leases.display()).into());
    arguments
}

/// Removes the leases.
pub(super) fn forget() -> io::Result<()> {
    fs::remove_file(place::file(LEASES))
}

/// Starts it, and returns once it serves.
pub(super) fn start(subnet: &Subnet) -> Result<Child, Refusal> {
    find_program("dnsmasq").map_err(Refusal::failed)?;
    let failed = |error: &dyn std::fmt::Display| Refusal::failed(format!("start dnsmasq: {error}"));
    let user = user().ok_or_else(|| failed(&"this computer has no user nobody"))?;
    let mut options = fs::OpenOptions::new();
    // Leases of before stay valid, if their machines still run.
    options
        .create(true)
        .append(true)
        .mode(0o644)
        .open(place::file(LEASES))
        .and_then(|_| chown(place::file(LEASES), Some(user.uid), Some(user.gid)))
        .map_err(|error| failed(&error))?;
    let own = std::process::id();
    let mut child = Command::new("/proc/self/exe")
        .arg0("vm-broker")
        .arg(MODE)
        .args([own, user.uid, user.gid].map(|number| number.to_string()))
        .args(arguments(subnet))
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&error))?;
    let (says, heard) = channel();
    if let Some(stderr) = child.stderr.take() {
        thread::spawn(move || listen(stderr, &says));
    }
    match wait(&heard) {
        Ok(()) => Ok(child),
        Err(said) => {
            child.kill().ok();
            child.wait().ok();
            Err(failed(&said))
        }
    }
}

/// Reads what it says to its end, so that it is never held up.
fn listen(stderr: ChildStderr, says: &Sender<String>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        // Nobody listens once it serves.
        says.send(line).ok();
    }
}

/// Waits until it serves; the error is its last line.
fn wait(heard: &Receiver<String>) -> Result<(), String> {
    let deadline = Instant::now() + START;
    let mut last = "it said nothing".to_owned();
    loop {
        match heard.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) if line.contains(SERVES) => return Ok(()),
            Ok(line) => line.trim_start_matches("dnsmasq: ").trim().clone_into(&mut last),
            Err(_) => return Err(last),
        }
    }
}

fn user() -> Option<Account> {
    let known = |name: &&str| User::from_name(name).ok().flatten();
    let user = USERS.iter().find_map(known)?;
    Some(Account { uid: user.uid.as_raw(), gid: user.gid.as_raw() })
}

/// Becomes dnsmasq as a user without rights but its own, and with the keeper's end as its own.
pub(crate) fn become_dnsmasq(words: &[String]) -> io::Result<()> {
    let [keeper, uid, gid, arguments @ ..] = words else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let number = |word: &String| word.parse::<u32>().map_err(io::Error::other);
    let (uid, gid) = (Uid::from_raw(number(uid)?), Gid::from_raw(number(gid)?));
    set_thread_groups(&[gid])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_keep_capabilities(true)?;
    set_thread_res_uid(uid, uid, uid)?;
    let sets = CapabilitySets { effective: RIGHTS, permitted: RIGHTS, inheritable: RIGHTS };
    set_capabilities(None, sets)?;
    for right in RIGHTS.iter() {
        configure_capability_in_ambient_set(right, true)?;
    }
    set_no_new_privs(true)?;
    // After the user, whose change would undo it.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid().map(|pid| pid.as_raw_nonzero().to_string()).as_ref() != Some(keeper) {
        return Err(io::Error::other("the keeper has ended"));
    }
    let program = find_program("dnsmasq").map_err(io::Error::other)?;
    Err(Command::new(program).args(arguments).exec())
}
