//! Scenarios as data.

/// A real fault or none, and the doctor's right answer.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// The name, also in the corpus.
    pub(crate) name: &'static str,
    /// The kind of the VM `web`.
    pub(crate) guest: GuestOf,
    /// Its DHCP client.
    pub(crate) client: Client,
    /// The kind of the host's uplink.
    pub(crate) uplink: Uplink,
    /// Circumstances in which everything works.
    pub(crate) setting: &'static [Act],
    /// The fault, after everything worked.
    pub(crate) breaks: &'static [Act],
    /// The guest's reaction.
    pub(crate) then: Then,
    /// Actions after that.
    pub(crate) after: &'static [Act],
    /// Options of `vm doctor`.
    pub(crate) options: &'static [&'static str],
    /// The causes that must come first, in any order. Empty: none, or none that can be told.
    pub(crate) causes: &'static [&'static str],
    /// Causes that may also be shown, since they follow or cannot be distinguished.
    pub(crate) may: &'static [&'static str],
    /// What its boot waits for: `address` or `ssh`. Empty: it is not booting.
    pub(crate) awaits: &'static str,
    /// The exit status, or [`BY_CHANCE`].
    pub(crate) exit: i32,
}

/// A healthy namespace with udhcpc and a wired uplink, the base of most rows.
pub(crate) const WIRED: Row = Row {
    name: "",
    guest: GuestOf::Namespace,
    client: Client::Udhcpc(""),
    uplink: Uplink::Ethernet,
    setting: &[],
    breaks: &[],
    then: Then::Reboot,
    after: &[],
    options: &["--yes"],
    causes: &[],
    may: &[],
    awaits: "",
    exit: FINDINGS,
};

/// The same over Wi-Fi with macOS's MAC-NAT, where clients request broadcast replies.
pub(crate) const WIFI: Row =
    Row { uplink: Uplink::Wifi, client: Client::Udhcpc("-B"), setting: &[MAC_NAT], ..WIRED };

/// The same on a bridge of the computer's own, which serves its guests.
pub(crate) const HOST_SERVES: Row = Row {
    setting: &[
        Act::On(
            Where::Host,
            "ip link set en0 nomaster && ip address add 192.168.88.10/24 dev en0 && ip route replace default via 192.168.88.1",
        ),
        Act::On(Where::Router, "ip address add 192.168.88.1/24 dev rt0"),
        Act::Run(
            Where::Host,
            "$DHCP_SERVER --interface=br0 --dhcp-range=192.168.77.100,192.168.77.199,1h --dhcp-host=$VM_MAC,192.168.77.50 --dhcp-leasefile=host.leases",
        ),
    ],
    ..WIRED
};

/// A Linux guest that is broken from its boot.
pub(crate) const LINUX: Row = Row { guest: GuestOf::Linux(""), ..WIRED };

pub(crate) const HEALTHY: i32 = 0;
pub(crate) const FINDINGS: i32 = 1;
pub(crate) const CANNOT_TELL: i32 = 3;
/// Chance decides how much can be told. Nothing may be named but what the row allows.
pub(crate) const BY_CHANCE: i32 = -1;

/// Options of a udhcpc with the client identifier of a clone.
pub(crate) const WITH_CLIENT_ID: &str = "-C -x 0x3d:ff00000001c10e";

/// The same for two cards of systems with one machine id.
pub(crate) const WITH_MACHINE_ID: [&str; 2] = [
    "-C -x 0x3d:ff000000010002ab11c10ec10ec10ec10e",
    "-C -x 0x3d:ff000000020002ab11c10ec10ec10ec10e",
];

/// The kind of a VM.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum GuestOf {
    /// A namespace connected through a QEMU process.
    Namespace,
    /// A Linux in QEMU, with these words on its kernel's command line.
    Linux(&'static str),
}

/// The DHCP client of a namespace guest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// Busybox's, with further options.
    Udhcpc(&'static str),
    /// ISC's.
    Dhclient,
    /// Roy Marples'.
    Dhcpcd,
}

/// The uplink in the host's configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uplink {
    Ethernet,
    Wifi,
}

/// The guest's reaction to a fault.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Reboots: forgets its address and asks for one.
    Reboot,
    /// Reboots without a DHCP client.
    RebootMute,
    /// None.
    Nothing,
}

/// An action on the lab. Commands run in a shell, with `$HOST_MAC`, `$HOST_HEX`,
/// `$VM_MAC`, `$VM_HEX` (without colons), `$COPY_MAC` of a clone with its own MAC, `$LAB` (the working directory) and `$DHCP_SERVER` (dnsmasq).
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// Runs a command to its end.
    On(Where, &'static str),
    /// Adds these nftables rules at this family and hook.
    Filter(Where, &'static str, &'static str),
    /// Starts ISC's Kea in the router with this pool and a reservation for a MAC.
    Kea(&'static str, &'static str, &'static str),
    /// The same on the host, for the bridge of the VM.
    HostKea(&'static str, &'static str, &'static str),
    /// Starts a program that runs until the scenario ends.
    Run(Where, &'static str),
    /// Runs a command until it succeeds.
    Until(Where, &'static str),
    /// Ends the nth started program.
    EndProgram(usize),
    /// Ends the router's dnsmasq.
    StopServer,
    /// Stops the router's dnsmasq without ending it.
    HangServer,
    /// Ends the guest's DHCP client.
    EndClient,
    /// Presses the machine's reset button.
    Reset,
    /// QEMU stops the guest's processors.
    Pause,
    /// Ends the machine's process.
    Stop,
    /// QEMU holds the guest's link down.
    PullCable,
    /// Starts a clone of the VM.
    Clone(Copied),
    /// Adds a host to the bridge, as [`Where::Other`].
    Join,
    /// Adds a host beyond the uplink, at the access point.
    JoinBeyond,
}

/// What a clone shares with its original.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copied {
    Mac,
    ClientId,
    /// The machine id, so that the client identifiers differ in the part for the card.
    MachineId,
    /// Nothing, but a server gives it the original's address.
    Address,
    Nothing,
}

/// A network namespace of the lab.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    Router,
    Air,
    Host,
    Guest,
    /// The clone.
    Copy,
    Other,
}

/// Writes another MAC to the registry than the VM's process has.
pub(crate) const ANOTHER_MAC_RECORDED: &str =
    "sed -i s/$VM_MAC/52:54:00:de:ad:01/ data/.vm-registry.json data/vms/web/web.mac";

/// Waits after a reset for the login prompt, and clears the ARP table.
pub(crate) const SECOND_BOOT: Act = Act::Until(
    Where::Host,
    "test $(grep -c ' login:' data/vms/web/console.log) -ge 2 && ip neigh flush all",
);

/// Ends the boot of a guest without a prompt.
pub(crate) const BOOTED: Act =
    Act::On(Where::Host, "echo 'web login:' >> data/vms/web/console.log");

/// Translates MACs like macOS for bridged VMs on Wi-Fi.
pub(crate) const MAC_NAT: Act = Act::Filter(
    Where::Host,
    "bridge postrouting",
    "oifname en0 ether saddr != $HOST_MAC ether saddr set $HOST_MAC counter",
);
