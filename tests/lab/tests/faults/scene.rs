//! The lab of a scenario, and the actions on it.

use std::{
    fs, io::Write as _, net::Ipv4Addr, os::unix::fs::PermissionsExt as _, path::PathBuf,
    process::Command,
};

use serde_json::Value;
use vmkit_lab::{
    Finished, Guest, GuestKind, GuestPlan, HOST_ADDRESS, Lab, LabError, Namespace, PATIENCE,
    Process, finish, run, wait_until,
};

use crate::row::{
    Act, Client, Copied, GuestOf, Row, Then, Uplink, WITH_CLIENT_ID, WITH_MACHINE_ID, Where,
};

/// The VM's reserved address.
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 50);
/// The host's own MAC, on its uplink and its bridge.
const HOST_MAC: &str = "3c:22:fb:00:00:0a";
/// The clone's name.
const COPY: &str = "copy";
/// Configures the other host's port so that it is not an uplink.
const OTHER: &str = "[interfaces.other0]\nkind = \"container\"\n";
/// The client identifier of clones.
const CLIENT_ID: &str = "ff00000001c10e";
/// dnsmasq as a mere DHCP server with its log on standard error.
const DHCP_SERVER: &str = "dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root \
     --no-resolv --no-hosts --pid-file= --port=0 --bind-interfaces --dhcp-authoritative --no-ping \
     --log-dhcp --log-facility=-";
const KEA: &str = include_str!("kea.json");

const UDHCPC_SCRIPT: &str = include_str!("../../src/guest/udhcpc.sh");
/// What dhclient runs when its state changes: Debian's own script would write this computer's
/// `/etc/resolv.conf`.
const DHCLIENT_SCRIPT: &str = "#!/bin/sh
case \"$reason\" in
PREINIT) ip link set \"$interface\" up ;;
BOUND | RENEW | REBIND | REBOOT) ip address replace \"$new_ip_address/24\" dev \"$interface\" ;;
esac
";

/// A lab with the VM `web`.
pub(crate) struct Scene {
    // Programs end before the namespaces that they run in.
    client: Option<Process>,
    programs: Vec<Process>,
    others: Vec<(Guest, Process)>,
    pub(crate) guest: Guest,
    other: Option<Namespace>,
    pub(crate) lab: Lab,
    /// The VM's DHCP client.
    asks_with: Client,
    filters: u32,
    /// The configuration of `vm` where it keeps the time limits that users have.
    defaults: Option<PathBuf>,
}

impl Scene {
    /// Builds the lab with its circumstances and the VM, which does not ask yet. `as_users`: `vm` has the
    /// time limits that users have.
    pub(crate) fn new(row: &Row, as_users: bool) -> Self {
        let mut lab = Lab::new(row.name).expect("a lab");
        let kind = if row.uplink == Uplink::Wifi { "wifi" } else { "ethernet" };
        let tables = format!("[interfaces.en0]\nkind = {kind:?}\n{OTHER}");
        lab.configure(&tables).expect("a config");
        let defaults = as_users.then(|| {
            lab.use_defaults();
            let path = lab.folder().join("defaults.toml");
            fs::write(&path, &tables).expect("a config");
            path
        });
        for (name, text) in [("udhcpc", UDHCPC_SCRIPT), ("dhclient", DHCLIENT_SCRIPT)] {
            let script = lab.folder().join(format!("{name}-script"));
            fs::write(&script, text).expect("a script");
            fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a program");
        }
        for interface in ["en0", "br0"] {
            lab.host().ip(&format!("link set {interface} address {HOST_MAC}")).expect("a MAC");
        }
        // Hide this computer's names and resolvers.
        for (name, text, target) in [
            ("hosts", "127.0.0.1 localhost\n", "/etc/hosts"),
            ("resolv.conf", "nameserver 192.168.77.1\n", "/etc/resolv.conf"),
        ] {
            let file = lab.folder().join(name);
            fs::write(&file, text).expect("a file");
            lab.mount(&file, target);
        }
        // Where dnsmasq keeps its leases unless an option names another place, and systemd-networkd this computer's.
        for (name, target) in
            [("misc", "/var/lib/misc"), ("own-leases", "/run/systemd/netif/leases")]
        {
            let leases = lab.folder().join(name);
            fs::create_dir(&leases).expect("a folder");
            lab.mount(&leases, target);
        }
        let plan = match row.guest {
            GuestOf::Namespace => GuestPlan::new("web", GuestKind::Wired),
            GuestOf::Linux(words) => {
                GuestPlan::new("web", GuestKind::Machine).with_kernel_words(words)
            }
        };
        if row.client == Client::Udhcpc(WITH_CLIENT_ID) {
            lab.router().reserve_client(CLIENT_ID, ADDRESS).expect("a reservation");
        } else {
            lab.router().reserve(plan.mac(), ADDRESS).expect("a reservation");
        }
        // Like a router whose lease the computer has.
        let host = HOST_MAC.parse().expect("a MAC");
        lab.router().reserve(host, HOST_ADDRESS.parse().expect("an address")).expect("a lease");
        let guest = lab.start(&plan).expect("a guest");
        let (programs, others) = (Vec::new(), Vec::new());
        let (client, other, asks_with) = (None, None, row.client);
        let filters = 0;
        let mut scene =
            Self { client, programs, others, guest, other, lab, asks_with, filters, defaults };
        for act in row.setting {
            scene.act(act);
        }
        scene
    }

    pub(crate) fn act(&mut self, act: &Act) {
        match act {
            Act::On(place, line) => {
                run(&mut self.shell(*place, line)).expect("a command of the scenario");
            }
            Act::Filter(place, at, rules) => {
                let (family, hook) = at.split_once(' ').expect("a family and a hook");
                // A scenario may filter twice at the same place.
                let chain = format!("c{}", self.filters);
                self.filters += 1;
                let table = format!(
                    "table {family} lab {{ chain {chain} {{ type filter hook {hook} priority 0; {rules}; }}; }}"
                );
                let mut nft = self.place(*place).command("nft");
                run(nft.arg(self.filled_in(&table))).expect("rules");
            }
            Act::Kea(pool, mac, address) => {
                self.start_kea(Where::Router, "rt0", [pool, mac, address]);
            }
            Act::HostKea(pool, mac, address) => {
                self.start_kea(Where::Host, "br0", [pool, mac, address]);
            }
            Act::Run(place, line) => {
                let log = self.lab.folder().join(format!("program-{}.log", self.programs.len()));
                let mut command = self.shell(*place, &format!("exec {line}"));
                self.programs.push(Process::start(&mut command, &log).expect("a program"));
            }
            Act::Until(place, line) => wait_until(PATIENCE, line, || {
                Ok(finish(&mut self.shell(*place, line))?.status.success())
            })
            .expect("a state of the scenario"),
            Act::EndProgram(nth) => drop(self.programs.remove(*nth)),
            Act::HangServer => {
                let server = self.lab.router().process_id().expect("a server").to_string();
                run(Command::new("kill").args(["-STOP", &server])).expect("a stop");
            }
            Act::EndClient => self.client = None,
            Act::Reset => self.guest.reset().expect("a reset"),
            Act::StopServer => self.lab.router().stop_dhcp(),
            Act::Pause => self.guest.pause().expect("a pause"),
            Act::Stop => self.guest.stop().expect("an end"),
            Act::PullCable => self.guest.set_link(false).expect("no link"),
            Act::Clone(copied) => self.clone_guest(*copied),
            Act::Join => {
                self.other = Some(self.lab.join("other", "other0").expect("another host"));
            }
            Act::JoinBeyond => {
                self.act(&Act::Join);
                let air = self.lab.access_point();
                let moved = format!("link set other0 nomaster netns {}", air.name());
                self.lab.host().ip(&moved).expect("another place");
                air.ip("link set other0 master air0 up").expect("a port");
            }
        }
    }

    fn start_kea(&mut self, place: Where, interface: &str, [pool, mac, address]: [&str; 3]) {
        let text = KEA.replace("$POOL", pool).replace("$MAC", mac);
        let text = text.replace("$ADDRESS", address).replace("$INTERFACE", interface);
        let folder = self.lab.folder();
        let text = text.replace("$LAB", &folder.display().to_string());
        fs::write(folder.join("kea.json"), self.filled_in(&text)).expect("a config");
        let line = "env KEA_LOCKFILE_DIR=$LAB KEA_PIDFILE_DIR=$LAB KEA_DHCP_DATA_DIR=$LAB \
                    kea-dhcp4 -c kea.json";
        self.act(&Act::Run(place, line));
        self.act(&Act::Until(place, "grep -q DHCP4_STARTED program-*.log"));
    }

    fn place(&self, place: Where) -> &Namespace {
        match place {
            Where::Router => self.lab.router_host(),
            Where::Air => self.lab.access_point(),
            Where::Host => self.lab.host(),
            Where::Guest => self.guest.namespace().expect("a guest that is a namespace"),
            Where::Copy => {
                let copy = self.others.first().and_then(|(guest, _)| guest.namespace());
                copy.expect("a clone")
            }
            Where::Other => self.other.as_ref().expect("another host"),
        }
    }

    /// The text with the scenario's MACs.
    fn filled_in(&self, text: &str) -> String {
        let machine = self.guest.mac().to_string();
        let copy = GuestPlan::new(COPY, GuestKind::Wired).mac().to_string();
        let texts = [
            ("$COPY_MAC", copy),
            ("$HOST_MAC", HOST_MAC.to_owned()),
            ("$HOST_HEX", HOST_MAC.replace(':', "")),
            ("$VM_HEX", machine.replace(':', "")),
            ("$VM_MAC", machine),
        ];
        texts.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    fn shell(&self, place: Where, line: &str) -> Command {
        let mut command = self.place(place).command("sh");
        command.args(["-c", &self.filled_in(line)]).current_dir(self.lab.folder());
        command.env("LAB", self.lab.folder()).env("DHCP_SERVER", DHCP_SERVER);
        command
    }

    /// Starts another VM with its own DHCP client.
    fn clone_guest(&mut self, copied: Copied) {
        let mut plan = GuestPlan::new(COPY, GuestKind::Wired);
        let mut options = "";
        match copied {
            Copied::Mac => plan = plan.with_mac(self.guest.mac()),
            Copied::ClientId => options = WITH_CLIENT_ID,
            Copied::MachineId => options = WITH_MACHINE_ID[1],
            Copied::Address | Copied::Nothing => {}
        }
        let guest = self.lab.start(&plan).expect("a copy");
        let mut client = self.client_of(&guest, Client::Udhcpc(options));
        let client = Process::start(&mut client, &guest.console_file()).expect("a client");
        self.others.push((guest, client));
        let address = match copied {
            Copied::Nothing | Copied::MachineId => "192.168.77.1",
            Copied::Mac | Copied::ClientId | Copied::Address => "192.168.77.50",
        };
        let (copy, _) = self.others.last().expect("the copy");
        wait_for_address(copy.namespace().expect("a namespace"), address);
    }

    fn client_of(&self, guest: &Guest, client: Client) -> Command {
        let folder = self.lab.folder().display();
        let line = match client {
            Client::Udhcpc(options) => format!(
                "udhcpc -f -i eth0 -x hostname:{} -t 3 -T 1 -A 1 {options} -s {folder}/udhcpc-script",
                guest.name()
            ),
            Client::Dhclient => own_files(&format!(
                "dhclient -4 -d -v -cf /dev/null -sf {folder}/dhclient-script \
                 -lf {folder}/dhclient.leases -pf {folder}/dhclient.pid eth0"
            )),
            Client::Dhcpcd => own_files("dhcpcd -4 -B -c /bin/true eth0"),
        };
        let mut command = guest.namespace().expect("a namespace").command("sh");
        command.args(["-c", &line]).current_dir(self.lab.folder());
        command
    }

    pub(crate) fn ask(&mut self, client: Option<Client>) {
        self.client = client.map(|client| {
            let mut command = self.client_of(&self.guest, client);
            Process::start(&mut command, &self.guest.console_file()).expect("a client")
        });
    }

    pub(crate) fn wait_until_leased(&self) {
        wait_for_address(self.place(Where::Guest), &ADDRESS.to_string());
    }

    /// Writes the prompt that ends a boot to a namespace guest's console.
    pub(crate) fn prompt(&self) {
        let prompt = format!("{} login:\n", self.guest.name());
        let console = fs::OpenOptions::new().append(true).open(self.guest.console_file());
        console.and_then(|mut console| console.write_all(prompt.as_bytes())).expect("a prompt");
    }

    /// Reboots the guest.
    pub(crate) fn reboot(&mut self, then: Then) {
        if self.guest.namespace().is_none() {
            return;
        }
        self.client = None;
        let inside = self.place(Where::Guest);
        inside.ip("address flush dev eth0 scope global").expect("no address");
        let mut console = self.guest.console().expect("a console");
        console.push_str("[    0.000000] Linux version 6.1.0-lab\n");
        fs::write(self.guest.console_file(), console).expect("another boot");
        // A reboot takes longer than entries last.
        self.lab.host().ip("neigh flush all").expect("an empty ARP table");
        let client = (then == Then::Reboot).then_some(self.asks_with);
        self.ask(client);
    }

    pub(crate) fn doctor(&self, options: &[&str]) -> (Finished, Value) {
        let mut arguments = vec!["doctor", "web", "--json"];
        arguments.extend(options);
        if let Some(config) = &self.defaults {
            arguments.extend(["--config", config.to_str().expect("a plain path")]);
        }
        let finished = self.lab.vm(&arguments).expect("a diagnosis");
        let report = serde_json::from_str(&finished.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {finished:#?}"));
        (finished, report)
    }
}

fn wait_for_address(inside: &Namespace, address: &str) {
    wait_until(PATIENCE, &format!("a lease of {address}"), || -> Result<bool, LabError> {
        Ok(inside.ip("-4 -o address show dev eth0")?.contains(&format!("inet {address}")))
    })
    .expect("a lease");
}

/// Hides this computer's files from a client, since the guest is only a network namespace.
fn own_files(client: &str) -> String {
    format!(
        "touch guest-resolv.conf && mount --bind guest-resolv.conf /etc/resolv.conf && \
         mkdir -p /run/dhcpcd && mount -t tmpfs none /run/dhcpcd && \
         mount -t tmpfs none /var/lib/dhcpcd && exec {client}"
    )
}
