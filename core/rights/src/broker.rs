//! The link to `vm-broker`.

use std::{
    io::{self, Read as _, Write as _},
    net::Ipv4Addr,
    os::{
        fd::{AsFd as _, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use command_fds::{CommandFdExt as _, FdMapping};
use vmkit_types::ArpAnswer;
use vmkit_wire::{Receiver, send};

use crate::{
    Account, CommandResult, CountArpRequest, DiscoverRequest, Frames, HostsReply, Refusal, Reply,
    Request, SurveyPart, WhoHasRequest, nothing_inherited, run,
};

/// How long the broker may take for what the system does at once; the rest is for a busy computer.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(5);
/// How long a write to the broker may take. It reads at once.
const WRITE: Duration = Duration::from_secs(5);

/// How long the hosts file may take: 20 s for the lock, and as long for a slow disk and the caches.
const HOSTS: Duration = Duration::from_mins(1);
/// Longest text of a tool, as much as the broker reads of it.
const LONGEST_TEXT: u64 = 8 << 20;

/// What starts the program, once it is needed.
type Program = Box<dyn Fn() -> Result<Command, Refusal> + Send + Sync>;

/// The link to `vm-broker`, which is started when it is first asked, unless it was started before. A
/// clone is the same link. The broker ends with the last of them.
#[derive(Clone)]
pub struct Broker(Arc<Link>);

struct Link {
    program: Program,
    account: Account,
    state: Mutex<State>,
}

enum State {
    NotStarted,
    Running(Process),
    Refused(Refusal),
}

struct Process {
    socket: UnixStream,
    child: Child,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").finish_non_exhaustive()
    }
}

impl Broker {
    /// A broker that is started by this command when it is first asked. `account`: the user on whose
    /// behalf it works, whom it believes only where root starts it.
    pub fn new(
        account: Account,
        program: impl Fn() -> Result<Command, Refusal> + Send + Sync + 'static,
    ) -> Self {
        let (program, state) = (Box::new(program), Mutex::new(State::NotStarted));
        Self(Arc::new(Link { program, account, state }))
    }

    /// No broker: whatever is asked is refused with this reason.
    pub fn refused(refusal: Refusal) -> Self {
        Self::new(Account { uid: 0, gid: 0 }, move || Err(refusal.clone()))
    }

    /// Starts it now, while this process has root's rights. Where that fails, each request says why. On
    /// Linux it ends with the thread that calls this, which is the one that lives as long as the process.
    pub fn start(&self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::NotStarted = *state {
            let bound = std::process::id().to_string();
            *state = self.0.started(&[bound]);
        }
    }

    /// Captures DHCP and ARP at this interface.
    ///
    /// # Errors
    /// The interface cannot be captured, or may not be.
    pub fn capture(&self, interface: &str) -> Result<Frames, Refusal> {
        let (ours, theirs) = UnixStream::pair().map_err(|error| no_socket(&error))?;
        let request = Request::Capture { interface: interface.to_owned() };
        match self.ask(&request, &[theirs.as_fd()], AT_ONCE)? {
            Reply::Done => Ok(Frames::new(ours)),
            reply => Err(unexpected(&reply)),
        }
    }

    /// Sends one DISCOVER; the result is its transaction id.
    ///
    /// # Errors
    /// It cannot be sent, or may not be.
    pub fn discover(&self, request: DiscoverRequest) -> Result<u32, Refusal> {
        match self.ask(&Request::Discover(request), &[], AT_ONCE)? {
            Reply::Sent { xid } => Ok(xid),
            reply => Err(unexpected(&reply)),
        }
    }

    /// Asks by ARP on these interfaces who has addresses, and returns what came of it for each.
    ///
    /// # Errors
    /// The right is missing, or an interface may not be used.
    pub fn who_has(
        &self,
        asked: Vec<(String, Vec<Ipv4Addr>)>,
        patience: Duration,
    ) -> Result<Vec<ArpAnswer>, Refusal> {
        let patience_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let request = Request::WhoHas(WhoHasRequest { asked, patience_ms });
        match self.ask(&request, &[], patience.saturating_add(AT_ONCE))? {
            Reply::Holders(answers) => {
                let answer = |answer: &Vec<_>| ArpAnswer::from_attributes(answer);
                Ok(answers.iter().filter_map(answer).collect())
            }
            reply => Err(unexpected(&reply)),
        }
    }

    /// Asks several times by ARP for an address, and returns how often that was done and answered.
    ///
    /// # Errors
    /// The right is missing, or the address is that of no other host at the interface.
    pub fn count_arp(&self, request: CountArpRequest) -> Result<(u32, u32), Refusal> {
        match self.ask(&Request::CountArp(request), &[], AT_ONCE)? {
            Reply::Counted { asked, answered } => Ok((asked, answered)),
            reply => Err(unexpected(&reply)),
        }
    }

    /// The text of one of the system's tools.
    ///
    /// # Errors
    /// The tool fails, or only root sees it.
    pub fn survey(&self, part: SurveyPart) -> Result<String, Refusal> {
        let (ours, theirs) = UnixStream::pair().map_err(|error| no_socket(&error))?;
        let request = Request::Survey(part);
        match self.ask(&request, &[theirs.as_fd()], AT_ONCE)? {
            Reply::Done => {}
            reply => return Err(unexpected(&reply)),
        }
        drop(theirs);
        let failed = |error| Refusal::of_system("read the text of a tool", &error);
        ours.set_read_timeout(Some(AT_ONCE)).map_err(failed)?;
        let mut text = Vec::new();
        ours.take(LONGEST_TEXT).read_to_end(&mut text).map_err(failed)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Runs one command of a remedy, given as the program's name and its arguments.
    ///
    /// # Errors
    /// It is no command of a remedy, or its arguments are not what they should be.
    pub fn remedy(&self, words: Vec<String>) -> Result<CommandResult, Refusal> {
        match self.ask(&Request::Remedy { words }, &[], run::DEADLINE + AT_ONCE)? {
            Reply::Ran(result) => Ok(result),
            reply => Err(unexpected(&reply)),
        }
    }

    /// Replaces the system's hosts file by these contents, if its own have this SHA-256.
    ///
    /// # Errors
    /// It cannot be written, or the change is more than one of vmkit's block.
    pub fn replace_hosts(&self, base: [u8; 32], new: &[u8]) -> Result<HostsReply, Refusal> {
        let (ours, theirs) = UnixStream::pair().map_err(|error| no_socket(&error))?;
        ours.set_write_timeout(Some(WRITE)).map_err(|error| no_socket(&error))?;
        std::thread::scope(|scope| {
            // A broker that refuses does not read all of it, and says why.
            scope.spawn(move || (&ours).write_all(new).ok());
            self.hosts(&Request::Hosts { base }, Some(theirs))
        })
    }

    /// Restores the backup of the system's hosts file, if its contents have this SHA-256.
    ///
    /// # Errors
    /// There is nothing to restore, or it cannot be written.
    pub fn undo_hosts(&self, base: [u8; 32]) -> Result<HostsReply, Refusal> {
        self.hosts(&Request::UndoHosts { base }, None)
    }

    fn hosts(&self, request: &Request, from: Option<UnixStream>) -> Result<HostsReply, Refusal> {
        let descriptors: Vec<_> = from.iter().map(|stream| stream.as_fd()).collect();
        let reply = self.ask(request, &descriptors, HOSTS);
        // Ends a writer whose reader has left.
        drop(from);
        match reply? {
            Reply::Hosts(reply) => Ok(reply),
            reply => Err(unexpected(&reply)),
        }
    }

    /// Asks on a socket of its own, so that nobody waits for another's answer.
    pub(crate) fn ask(
        &self,
        request: &Request,
        descriptors: &[BorrowedFd<'_>],
        patience: Duration,
    ) -> Result<Reply, Refusal> {
        let (reply, _) = self.ask_for_descriptors(request, descriptors, patience)?;
        Ok(reply)
    }

    pub(crate) fn ask_for_descriptors(
        &self,
        request: &Request,
        descriptors: &[BorrowedFd<'_>],
        patience: Duration,
    ) -> Result<(Reply, Receiver), Refusal> {
        let (ours, theirs) = UnixStream::pair().map_err(|error| no_socket(&error))?;
        let failed = |error| Refusal::of_wire(&error);
        ours.set_write_timeout(Some(WRITE)).map_err(|error| no_socket(&error))?;
        self.0.with_socket(|socket| send(socket, &(), &[theirs.as_fd()]).map_err(failed))?;
        drop(theirs);
        send(&ours, request, descriptors).map_err(failed)?;
        let mut receiver = Receiver::with_descriptors();
        match receiver.receive(&ours, Some(Instant::now() + patience)).map_err(failed)? {
            Reply::Refused(refusal) => Err(refusal),
            reply => Ok((reply, receiver)),
        }
    }
}

impl Link {
    fn started(&self, more: &[String]) -> State {
        let started = (self.program)().and_then(|command| spawn(command, self.account, more));
        started.map_or_else(State::Refused, State::Running)
    }

    fn with_socket<T>(
        &self,
        work: impl FnOnce(&UnixStream) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::NotStarted = *state {
            *state = self.started(&[]);
        }
        match &*state {
            State::Running(process) => work(&process.socket),
            State::Refused(refusal) => Err(refusal.clone()),
            State::NotStarted => Err(Refusal::failed("vm-broker was not started")),
        }
    }
}

/// Starts the program: its standard input is the socket, and what it prints goes nowhere.
fn spawn(mut command: Command, account: Account, more: &[String]) -> Result<Process, Refusal> {
    let (ours, theirs) = UnixStream::pair().map_err(|error| no_socket(&error))?;
    let failed = |error: io::Error| Refusal::of_system("start vm-broker", &error);
    ours.set_write_timeout(Some(WRITE)).map_err(failed)?;
    // The keeper of the shared network is started by it.
    let nothing = nothing_inherited().map_err(failed)?.into_iter();
    let nothing = nothing.map(|(parent_fd, child_fd)| FdMapping { parent_fd, child_fd }).collect();
    command.fd_mappings(nothing).map_err(|error| failed(io::Error::other(error)))?;
    let child = command
        .args([account.uid.to_string(), account.gid.to_string()])
        .args(more)
        .env_clear()
        .current_dir("/")
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    Ok(Process { socket: ours, child })
}

impl Drop for Process {
    fn drop(&mut self) {
        // It ends once its socket closes, which the system does last; nothing it says then is needed.
        self.socket.shutdown(std::net::Shutdown::Both).ok();
        self.child.try_wait().ok();
    }
}

pub(crate) fn no_socket(error: &io::Error) -> Refusal {
    Refusal::of_system("make a socket for vm-broker", error)
}

pub(crate) fn unexpected(reply: &Reply) -> Refusal {
    Refusal::failed(format!("vm-broker answered something else: {reply:?}"))
}
