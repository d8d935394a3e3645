//! The router's DHCP and DNS: a real dnsmasq.

use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use rustix::process::{Pid, Signal, kill_process};
use vmkit_types::Mac;

use crate::{
    LabError, Namespace, PATIENCE, Process, ROUTER_ADDRESS, error::file_error, wait_until,
};

/// dnsmasq's pool for guests without a reservation.
const POOL: &str = "192.168.77.100,192.168.77.199,1h";

/// The lab's router with its leases and reservations.
#[derive(Debug)]
pub struct Router {
    folder: PathBuf,
    reservations: BTreeMap<String, Ipv4Addr>,
    dnsmasq: Option<Process>,
}

impl Router {
    /// Makes the router's files in `folder`; serves only after [`Router::start_dhcp`].
    pub(crate) fn new(folder: PathBuf) -> Result<Self, LabError> {
        fs::create_dir(&folder).map_err(file_error("make", &folder))?;
        Ok(Self { folder, reservations: BTreeMap::new(), dnsmasq: None })
    }

    /// Serves DHCP and DNS in the router's namespace.
    ///
    /// # Errors
    /// dnsmasq cannot be started or does not begin to serve.
    pub(crate) fn start_dhcp(&mut self, namespace: &Namespace) -> Result<(), LabError> {
        self.write_reservations()?;
        let log = self.log();
        // Clear the log of an earlier start, which the wait below reads.
        fs::write(&log, "").map_err(file_error("write", &log))?;
        let mut command = namespace.command("dnsmasq");
        command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--user=root"]);
        command.args(["--no-resolv", "--no-hosts", "--domain=lab", "--pid-file="]);
        command.args(["--interface=rt0", "--bind-interfaces", "--log-dhcp"]);
        // Without the ping before an offer, which takes seconds and is useless here.
        command.args(["--dhcp-authoritative", "--no-ping", &format!("--dhcp-range={POOL}")]);
        command.arg(format!("--dhcp-option=option:router,{ROUTER_ADDRESS}"));
        command.arg(format!("--dhcp-leasefile={}", self.lease_file().display()));
        command.arg(format!("--dhcp-hostsfile={}", self.reservation_file().display()));
        command.arg(format!("--log-facility={}", log.display()));
        let mut dnsmasq = Process::start(&mut command, &self.folder.join("dnsmasq.out"))?;
        wait_until(PATIENCE, "dnsmasq serving DHCP", || {
            let text = fs::read_to_string(&log).map_err(file_error("read", &log))?;
            if !dnsmasq.is_running()? {
                return Err(LabError::Missing(format!("a dnsmasq that starts: {}", text.trim())));
            }
            Ok(text.contains("DHCP, IP range") && self.times_read()? > 0)
        })?;
        self.dnsmasq = Some(dnsmasq);
        Ok(())
    }

    /// The process id of dnsmasq, while it serves.
    pub fn process_id(&self) -> Option<u32> {
        self.dnsmasq.as_ref().map(Process::id)
    }

    /// Ends dnsmasq.
    pub fn stop_dhcp(&mut self) {
        self.dnsmasq = None;
    }

    /// Reserves this address for this MAC, from its next request on.
    ///
    /// # Errors
    /// The reservations cannot be written or dnsmasq does not read them.
    pub fn reserve(&mut self, mac: Mac, address: Ipv4Addr) -> Result<(), LabError> {
        self.reserve_for(mac.to_string(), address)
    }

    /// Reserves this address for this client identifier (in hexadecimal), from the next request on.
    ///
    /// # Errors
    /// As [`Router::reserve`].
    pub fn reserve_client(&mut self, id: &str, address: Ipv4Addr) -> Result<(), LabError> {
        let octets: Vec<&str> =
            (0..id.len() / 2).filter_map(|n| id.get(n * 2..n * 2 + 2)).collect();
        self.reserve_for(format!("id:{}", octets.join(":")), address)
    }

    /// Reserves this address for a client in dnsmasq's notation.
    fn reserve_for(&mut self, client: String, address: Ipv4Addr) -> Result<(), LabError> {
        self.reservations.insert(client, address);
        self.write_reservations()?;
        let Some(dnsmasq) = &self.dnsmasq else { return Ok(()) };
        let before = self.times_read()?;
        let pid = i32::try_from(dnsmasq.id()).ok().and_then(Pid::from_raw);
        let signalled = pid.map(|pid| kill_process(pid, Signal::HUP));
        match signalled {
            // Until then it answers by the former reservations.
            Some(Ok(())) => wait_until(PATIENCE, "dnsmasq reading its reservations", || {
                Ok(self.times_read()? > before)
            }),
            _ => Err(LabError::Missing("a running dnsmasq to tell of a reservation".to_owned())),
        }
    }

    /// How many times dnsmasq has read its reservations.
    fn times_read(&self) -> Result<usize, LabError> {
        let log = self.log();
        let text = fs::read_to_string(&log).map_err(file_error("read", &log))?;
        Ok(text.matches(&format!("read {}", self.reservation_file().display())).count())
    }

    /// The leased address of this MAC, from dnsmasq's lease file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn lease(&self, mac: Mac) -> Result<Option<Ipv4Addr>, LabError> {
        let path = self.lease_file();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(lease_of(&text, mac)),
            // dnsmasq makes the file with the first lease.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file_error("read", path)(error)),
        }
    }

    /// dnsmasq's log.
    pub fn log(&self) -> PathBuf {
        self.folder.join("dnsmasq.log")
    }

    fn lease_file(&self) -> PathBuf {
        self.folder.join("dnsmasq.leases")
    }

    fn reservation_file(&self) -> PathBuf {
        self.folder.join("dnsmasq.hosts")
    }

    fn write_reservations(&self) -> Result<(), LabError> {
        let lines =
            self.reservations.iter().map(|(client, address)| format!("{client},{address}\n"));
        let path = self.reservation_file();
        write_whole(&path, &lines.collect::<String>())
    }
}

/// Replaces the file atomically, since dnsmasq may read it at any moment.
fn write_whole(path: &Path, text: &str) -> Result<(), LabError> {
    let new = path.with_extension("new");
    fs::write(&new, text).map_err(file_error("write", &new))?;
    fs::rename(&new, path).map_err(file_error("replace", path))
}

/// Finds a MAC in dnsmasq's lines `EXPIRY MAC ADDRESS NAME CLIENT-ID`.
fn lease_of(text: &str, mac: Mac) -> Option<Ipv4Addr> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        (words.next()?.parse() == Ok(mac)).then_some(())?;
        words.next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::lease_of;

    #[test]
    fn reads_dnsmasq_leases() {
        let text = "1790000000 52:54:00:00:00:01 192.168.77.100 web 01:52:54:00:00:00:01\n\
                    duid 00:01\nnonsense\n1790000000 52:54:00:00:00:02 192.168.77.101 * *\n";
        let lease = |mac: &str| lease_of(text, mac.parse().expect("a MAC"));
        assert_eq!(lease("52:54:00:00:00:01"), Some(Ipv4Addr::new(192, 168, 77, 100)));
        assert_eq!(lease("52:54:00:00:00:02"), Some(Ipv4Addr::new(192, 168, 77, 101)));
        assert_eq!(lease("52:54:00:00:00:03"), None);
    }
}
