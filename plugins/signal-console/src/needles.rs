//! The texts that are looked for, and what each of them means.
//!
//! All of them are found in one pass over a line by an Aho–Corasick automaton: linear whatever
//! the guest writes, and no slower for one text more. What surrounds a text is then taken apart by
//! plain string scanning.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::{
    boot::Boot,
    clients::{
        cloud_init, dhclient, dhcpcd, ip_config, link_local, network_manager, networkd, ssh, udhcpc,
    },
    phase::Phase,
};

/// A line around a text that was found in it.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) before: &'a str,
    pub(crate) after: &'a str,
}

/// What a text means.
pub(crate) enum Event {
    /// At the beginning of a line: firmware or a boot loader begins a boot.
    Firmware,
    /// Behind the first time stamp, if any: a kernel begins a boot.
    Kernel,
    /// The boot has ended; what follows is another.
    End,
    /// The boot has come this far.
    Reach(Phase),
    /// A line of a program that this function understands.
    Client(fn(&mut Boot<'_>, Line<'_>)),
}

impl Event {
    pub(crate) fn apply(&self, boot: &mut Boot<'_>, line: Line<'_>) {
        match self {
            Self::Firmware if line.before.trim().is_empty() => boot.restart(Phase::Firmware),
            Self::Kernel if is_first_time_stamp(line.before) => boot.restart(Phase::Kernel),
            Self::Firmware | Self::Kernel => {}
            Self::End => boot.restart(Phase::None),
            Self::Reach(Phase::Initramfs) if boot.phase >= Phase::Login => {
                // A quiet kernel prints nothing; after a login prompt this is another boot.
                boot.restart(Phase::Initramfs);
            }
            Self::Reach(phase) => boot.reach(*phase),
            Self::Client(understand) => understand(boot, line),
        }
    }
}

/// `[    0.000000] `, with the caller that some kernels add: `[    0.000000][    T0] `.
fn is_first_time_stamp(before: &str) -> bool {
    let stamp = before.trim_start().strip_prefix('[').map(str::trim_start);
    stamp.is_some_and(|stamp| stamp.starts_with("0.000000]"))
}

use Event::{Client, End, Firmware, Kernel, Reach};

/// The table. Among texts that begin at one place the longest wins.
pub(crate) const NEEDLES: &[(&str, Event)] = &[
    ("SeaBIOS (version", Firmware),
    ("iPXE (http", Firmware),
    ("iPXE 1.", Firmware),
    ("iPXE 2.", Firmware),
    ("BdsDxe:", Firmware),
    ("UEFI firmware (version", Firmware),
    ("UEFI Interactive Shell", Firmware),
    ("U-Boot 2", Firmware),
    ("U-Boot SPL 2", Firmware),
    ("OpenSBI v", Firmware),
    ("GNU GRUB", Firmware),
    ("Welcome to GRUB", Firmware),
    ("GRUB loading", Firmware),
    ("SYSLINUX ", Firmware),
    ("ISOLINUX ", Firmware),
    ("EFI stub: Booting Linux", Firmware),
    ("---<<BOOT>>---", Firmware),
    (">> OpenBSD/", Firmware),
    ("Booting Linux on physical CPU", Kernel),
    ("Linux version ", Kernel),
    ("reboot: Restarting system", End),
    ("reboot: Power down", End),
    ("reboot: System halted", End),
    ("Run /init as init process", Reach(Phase::Initramfs)),
    ("Loading, please wait...", Reach(Phase::Initramfs)),
    ("Begin: Loading essential drivers", Reach(Phase::Initramfs)),
    ("dracut-initqueue", Reach(Phase::Initramfs)),
    ("(initramfs)", Reach(Phase::Initramfs)),
    ("link becomes ready", Reach(Phase::Network)),
    ("Link is Up", Reach(Phase::Network)),
    ("Gained carrier", Reach(Phase::Network)),
    (": carrier acquired", Reach(Phase::Network)),
    ("Configuring network interfaces", Reach(Phase::Network)),
    ("Raise network interfaces", Reach(Phase::Network)),
    ("Starting networking", Reach(Phase::Network)),
    ("Network Configuration", Reach(Phase::Network)),
    ("Network Manager", Reach(Phase::Network)),
    ("Reached target Network", Reach(Phase::Network)),
    ("Reached target network", Reach(Phase::Network)),
    (" login:", Reach(Phase::Login)),
    ("Server listening on ", Reach(Phase::Ssh)),
    ("OpenBSD Secure Shell server", Client(ssh::started)),
    ("OpenSSH server daemon", Client(ssh::started)),
    ("OpenSSH Daemon", Client(ssh::started)),
    ("Starting sshd", Reach(Phase::Ssh)),
    ("Starting dropbear", Reach(Phase::Ssh)),
    ("BEGIN SSH HOST KEY KEYS", Reach(Phase::Ssh)),
    ("Kernel panic - not syncing", Reach(Phase::Panic)),
    ("end Kernel panic", Reach(Phase::Panic)),
    ("ci-info: ", Client(cloud_init::table)),
    ("broadcasting discover", Reach(Phase::Dhcp)),
    ("Sending discover...", Reach(Phase::Dhcp)),
    ("broadcasting select for ", Client(udhcpc::select)),
    ("lease of ", Client(udhcpc::lease)),
    ("Lease of ", Client(udhcpc::lease)),
    ("lease lost, entering init", Client(udhcpc::lost)),
    ("Lease lost, entering init", Client(udhcpc::lost)),
    ("unicasting a release of ", Client(udhcpc::lost)),
    ("Unicasting a release of ", Client(udhcpc::lost)),
    ("no lease, f", Client(udhcpc::no_lease)),
    ("No lease, f", Client(udhcpc::no_lease)),
    ("Listening on LPF/", Client(dhclient::socket)),
    ("Listening on BPF/", Client(dhclient::socket)),
    ("DHCPDISCOVER on ", Client(dhclient::asking)),
    ("DHCPREQUEST ", Client(dhclient::asking)),
    ("DHCPOFFER ", Client(dhclient::offer)),
    ("DHCPACK ", Client(dhclient::ack)),
    ("DHCPNAK from ", Client(dhclient::lost)),
    ("DHCPRELEASE ", Client(dhclient::lost)),
    ("DHCPDECLINE ", Client(dhclient::lost)),
    ("bound to ", Client(dhclient::bound)),
    ("No DHCPOFFERS received", Client(dhclient::no_lease)),
    (": soliciting a DHCP lease", Reach(Phase::Dhcp)),
    (": broadcasting for a lease", Reach(Phase::Dhcp)),
    (": offered ", Client(dhcpcd::offered)),
    (": leased ", Client(dhcpcd::leased)),
    (": using static address ", Client(dhcpcd::leased)),
    (": using IPv4LL address ", Client(dhcpcd::link_local)),
    (": adding default route via ", Client(dhcpcd::router)),
    (": no IPv4 leases", Client(dhcpcd::no_lease)),
    (": carrier lost", Client(dhcpcd::lost)),
    (": DHCP lease expired", Client(dhcpcd::lost)),
    (": DHCPv4 address ", Client(networkd::address)),
    (": DHCPv6 address ", Client(networkd::address)),
    (": DHCP lease lost", Client(networkd::lost)),
    (": DHCPv4 lease lost", Client(networkd::lost)),
    ("dhcp4 (", Client(network_manager::dhcp4)),
    ("dhcp6 (", Client(network_manager::dhcp6)),
    ("Sending DHCP requests", Reach(Phase::Dhcp)),
    ("IP-Config: Got DHCP answer from ", Client(ip_config::answer)),
    ("IP-Config: Auto-configuration of network failed", Client(ip_config::no_lease)),
    ("IP-Config: no response after ", Client(ip_config::no_lease)),
    ("IP-Config: ", Client(ip_config::klibc)),
    (" address: ", Client(ip_config::klibc_address)),
    (" gateway: ", Client(ip_config::klibc_gateway)),
    ("device=", Client(ip_config::summary)),
    ("Successfully claimed IP address ", Client(link_local::claimed)),
];

/// Finds every text of [`NEEDLES`] in a line.
pub(crate) static MATCHER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(NEEDLES.iter().map(|(text, _)| text))
        .unwrap_or_else(|error| unreachable!("the table is a few kilobytes: {error}"))
});
