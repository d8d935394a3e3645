//! What a scenario is: data.

/// A real fault, or none, and what the doctor has to say of it.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// Its name here and in the corpus.
    pub(crate) name: &'static str,
    /// What the machine `web` is.
    pub(crate) guest: GuestOf,
    /// What asks for its address.
    pub(crate) client: Client,
    /// What the host takes its uplink for.
    pub(crate) uplink: Uplink,
    /// Circumstances, in which all is well.
    pub(crate) setting: &'static [Act],
    /// What goes wrong after all was well.
    pub(crate) breaks: &'static [Act],
    /// What the guest does after that.
    pub(crate) then: Then,
    /// What is done after that.
    pub(crate) after: &'static [Act],
    /// Further options of `vm doctor`.
    pub(crate) options: &'static [&'static str],
    /// What is the matter: the causes that have to come first, in any order. Empty: nothing, or
    /// nothing that can be told.
    pub(crate) causes: &'static [&'static str],
    /// Further causes that may be shown, since they follow or cannot be told apart.
    pub(crate) may: &'static [&'static str],
    /// What is awaited of its boot: `address` or `ssh`. Empty: it is not said to be booting.
    pub(crate) awaits: &'static str,
    /// The exit status.
    pub(crate) exit: i32,
}

/// A namespace with udhcpc on a wire, healthy; the base of most rows.
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

/// The same over Wi-Fi with macOS's MAC-NAT, behind which clients ask for broadcast replies.
pub(crate) const WIFI: Row =
    Row { uplink: Uplink::Wifi, client: Client::Udhcpc("-B"), setting: &[MAC_NAT], ..WIRED };

/// A real Linux guest that is broken from its boot on.
pub(crate) const LINUX: Row = Row { guest: GuestOf::Linux(""), ..WIRED };

pub(crate) const HEALTHY: i32 = 0;
pub(crate) const FINDINGS: i32 = 1;
pub(crate) const CANNOT_TELL: i32 = 3;

/// Of a udhcpc that calls itself by an identifier that a clone has, too.
pub(crate) const WITH_CLIENT_ID: &str = "-C -x 0x3d:ff00000001c10e";

/// What a machine is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum GuestOf {
    /// A namespace at the end of a QEMU process's cable.
    Namespace,
    /// A Linux in QEMU, with these words on its kernel's command line.
    Linux(&'static str),
}

/// What asks for the address of a guest that is a namespace.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// Busybox's, with further options.
    Udhcpc(&'static str),
    /// ISC's.
    Dhclient,
    /// Roy Marples'.
    Dhcpcd,
}

/// What the host's configuration says of its uplink.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uplink {
    Ethernet,
    Wifi,
}

/// What a guest does once something is broken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It boots: forgets its address and asks for one.
    Reboot,
    /// It boots, without anything that asks.
    RebootMute,
    /// It goes on.
    Nothing,
}

/// One thing that is done to the lab. Commands are a shell's, with `$HOST_MAC`, `$HOST_HEX`,
/// `$VM_MAC`, `$VM_HEX` (without colons), `$LAB` (the working directory) and `$DHCP_SERVER` (dnsmasq).
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// Runs a command to its end.
    On(Where, &'static str),
    /// Has nftables filter at this family and hook by these rules.
    Filter(Where, &'static str, &'static str),
    /// Starts ISC's Kea in the router: it gives addresses of this pool, and keeps one for a MAC.
    Kea(&'static str, &'static str, &'static str),
    /// Starts a program that runs until the scenario ends.
    Run(Where, &'static str),
    /// Runs a command until it succeeds.
    Until(Where, &'static str),
    /// Ends the program that was the nth to be started.
    EndProgram(usize),
    /// Ends the router's dnsmasq.
    StopServer,
    /// The router's dnsmasq stays, and does nothing.
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
    /// Another guest of this name with the machine's MAC, or with its own, that asks with the client
    /// identifier given.
    Clone(Copied),
    /// A host of the lab's bridge that is [`Where::Other`].
    Join,
    /// The same beyond the uplink, at the access point.
    JoinBeyond,
}

/// What a clone has of its original.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copied {
    Mac,
    ClientId,
    Nothing,
}

/// A network namespace of the lab.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    Router,
    Air,
    Host,
    Guest,
    Other,
}

/// The registry has another MAC than the machine's process.
pub(crate) const ANOTHER_MAC_RECORDED: &str =
    "sed -i s/$VM_MAC/52:54:00:de:ad:01/ data/.vm-registry.json data/vms/web/web.mac";

/// After a reset: the guest has come as far as its login prompt, and others have forgotten it.
pub(crate) const SECOND_BOOT: Act = Act::Until(
    Where::Host,
    "test $(grep -c ' login:' data/vms/web/console.log) -ge 2 && ip neigh flush all",
);

/// The boot that a guest without a prompt is in has ended.
pub(crate) const BOOTED: Act =
    Act::On(Where::Host, "echo 'web login:' >> data/vms/web/console.log");

/// What macOS does to a bridged machine's frames on Wi-Fi.
pub(crate) const MAC_NAT: Act = Act::Filter(
    Where::Host,
    "bridge postrouting",
    "oifname en0 ether saddr != $HOST_MAC ether saddr set $HOST_MAC counter",
);
