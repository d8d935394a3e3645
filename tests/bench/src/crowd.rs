//! Many VMs, each a QEMU process, with all their networks in one namespace.

use std::{fmt::Write as _, fs, net::Ipv4Addr, ops::Range, time::Duration};

use anyhow::Context;
use vmkit_lab::{Guest, GuestKind, GuestPlan, Lab, Namespace, Process, run, wait_until};

use crate::banner;

/// The server only binds one socket.
const SERVER_DEADLINE: Duration = Duration::from_secs(5);

/// The VMs of a lab.
pub(crate) struct Crowd {
    pub(crate) guests: Vec<(Guest, Ipv4Addr)>,
    _server: Process,
    network: Namespace,
}

impl Crowd {
    /// Starts without VMs and with the server for all of them.
    pub(crate) fn new(lab: &Lab) -> anyhow::Result<Self> {
        let network = lab.join("crowd", "crowd")?;
        // Only the address's own interface and MAC answer for it.
        for (setting, value) in [("arp_ignore", "1"), ("arp_announce", "2"), ("rp_filter", "0")] {
            for scope in ["all", "default"] {
                network.set(&format!("ipv4.conf.{scope}.{setting}"), value)?;
            }
        }
        let log = lab.data_dir().with_file_name("banner.log");
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut command = network.command(program);
        let server = Process::start(command.arg(banner::ARGUMENT), &log)?;
        wait_until(SERVER_DEADLINE, "the crowd's SSH server listening", || {
            Ok(fs::read_to_string(&log).is_ok_and(|said| said.contains(banner::LISTENING)))
        })?;
        Ok(Self { guests: Vec::new(), _server: server, network })
    }

    /// Starts VMs until there are this many, and contacts each from the host.
    pub(crate) fn grow(&mut self, lab: &mut Lab, count: u8) -> anyhow::Result<()> {
        let mut batch = String::new();
        for number in u8::try_from(self.guests.len()).context("too many machines")?..count {
            let address = Ipv4Addr::new(192, 168, 77, 100 + number);
            let plan = GuestPlan::new(&format!("vm{number:03}"), GuestKind::Process);
            let guest = lab.start(&plan)?;
            let log = format!(
                "[    0.000000] Linux version 6.1.0-lab\n\
                 udhcpc: lease of {address} obtained from 192.168.77.1, lease time 3600\n\
                 {} login:\n",
                plan.name
            );
            fs::write(guest.console_file(), log).context("cannot write a console log")?;
            let (name, mac) = (interface(number), plan.mac());
            writeln!(
                batch,
                "link add link eth0 name {name} address {mac} type macvlan mode bridge"
            )?;
            writeln!(batch, "address add {address}/24 dev {name}")?;
            writeln!(batch, "link set {name} up")?;
            self.guests.push((guest, address));
        }
        run_batch(&self.network, lab, &batch)?;
        self.guests.iter().try_for_each(|(_, address)| lab.greet(*address))?;
        Ok(())
    }

    /// Disconnects VMs by their numbers. They keep running.
    pub(crate) fn unplug(&self, lab: &Lab, numbers: Range<u8>) -> anyhow::Result<()> {
        let lines = numbers.map(|number| format!("link delete {}\n", interface(number)));
        run_batch(&self.network, lab, &lines.collect::<String>())
    }
}

fn interface(number: u8) -> String {
    format!("m{number}")
}

/// Runs many `ip` commands in one process.
pub(crate) fn run_batch(namespace: &Namespace, lab: &Lab, lines: &str) -> anyhow::Result<()> {
    let file = lab.data_dir().with_file_name("ip.batch");
    fs::write(&file, lines).context("cannot write a batch for ip")?;
    run(namespace.command("ip").arg("-batch").arg(file))?;
    Ok(())
}
