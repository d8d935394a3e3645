//! The texts to search for, and what each of them means.
//!
//! An Aho–Corasick automaton finds all texts of a table in one pass over a line, in linear time whatever
//! the guest prints. Plain string scanning then parses what surrounds the text. There are three tables
//! because the automaton searches for up to 64 texts many bytes at a time, which makes an ordinary log
//! several times cheaper.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::{
    boot::Boot,
    clients::{
        card, cloud_init, dhclient, dhcpcd, ip_config, link_local, logins, network_manager,
        networkd, ssh, udhcpc,
    },
    fault::Fault,
    line::Line,
    phase::Phase,
};

/// What a text means.
enum Event {
    /// A boot begins in the firmware or a boot loader, if the text begins the line.
    Firmware,
    /// A boot begins in the kernel, if the first time stamp precedes the text.
    Kernel,
    /// The boot ends; another follows.
    End,
    /// The boot has reached this phase.
    Reach(Phase),
    /// The guest complains of this fault.
    Complain(Fault),
    /// The fault is over.
    Resolve(Fault),
    /// A line of a program, which this function parses.
    Client(fn(&mut Boot<'_>, Line<'_>)),
}

impl Event {
    fn apply(&self, text: &str, boot: &mut Boot<'_>, line: Line<'_>) {
        match self {
            Self::Firmware if line.before.trim().is_empty() => boot.restart(Phase::Firmware),
            Self::Kernel if is_first_time_stamp(line.before) => boot.restart(Phase::Kernel),
            Self::Firmware | Self::Kernel => {}
            Self::End => boot.restart(Phase::None),
            Self::Reach(Phase::Initramfs) if boot.phase >= Phase::Login => {
                // After a login prompt this is another boot, whose quiet kernel printed nothing.
                boot.restart(Phase::Initramfs);
            }
            Self::Reach(phase) => boot.reach(*phase),
            Self::Complain(fault) => {
                let whole = [line.before, text, line.after].concat();
                boot.complain(*fault, &whole);
            }
            Self::Resolve(fault) => boot.resolve(*fault),
            Self::Client(parse) => parse(boot, line),
        }
    }
}

/// `[    0.000000] `, with the caller that some kernels add: `[    0.000000][    T0] `.
fn is_first_time_stamp(before: &str) -> bool {
    let stamp = before.trim_start().strip_prefix('[').map(str::trim_start);
    stamp.is_some_and(|stamp| stamp.starts_with("0.000000]"))
}

use Event::{Client, Complain, End, Firmware, Kernel, Reach, Resolve};

type Table = [(&'static str, Event)];

/// Texts that begin a boot or show how far it came.
const MILESTONES: &Table = &[
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
    ("Reached target multi-user", Client(logins::finished)),
    ("Reached target Multi-User", Client(logins::finished)),
    ("Reached target graphical", Client(logins::finished)),
    ("Reached target Graphical", Client(logins::finished)),
    ("Cloud-init v. ", Client(logins::cloud_init)),
    ("Permit User Sessions", Client(logins::permitted)),
    ("Unprivileged users are not permitted to log in", Client(logins::refused)),
    ("Kernel panic - not syncing", Reach(Phase::Panic)),
    ("end Kernel panic", Reach(Phase::Panic)),
];

/// Texts about addresses. Of several that begin at one place, the longest wins.
const CLIENTS: &Table = &[
    ("ci-info: ", Client(cloud_init::table)),
    (": renamed from ", Client(card::renamed)),
    ("Cannot rename mac=", Client(card::not_renamed)),
    ("expected physical devices present: ", Client(card::expected)),
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

/// Texts about faults that keep a guest from the network, and about their end.
const COMPLAINTS: &Table = &[
    ("Cannot find device \"", Complain(Fault::NoNetworkCard)),
    ("can't find device '", Complain(Fault::NoNetworkCard)),
    ("No network interfaces found", Complain(Fault::NoNetworkCard)),
    ("no network interfaces found", Complain(Fault::NoNetworkCard)),
    ("No network devices available", Complain(Fault::NoNetworkCard)),
    ("no valid interfaces found", Complain(Fault::NoNetworkCard)),
    ("SIOCGIFINDEX: No such device", Complain(Fault::NoNetworkCard)),
    ("SIOCGIFFLAGS: No such device", Complain(Fault::NoNetworkCard)),
    ("SIOCSIFFLAGS: No such device", Complain(Fault::NoNetworkCard)),
    ("SIOCGIFHWADDR: No such device", Complain(Fault::NoNetworkCard)),
    ("no network card", Complain(Fault::NoNetworkCard)),
    (": interface not found", Complain(Fault::NoNetworkCard)),
    ("udhcpc: not found", Complain(Fault::NoDhcpClient)),
    ("dhclient: not found", Complain(Fault::NoDhcpClient)),
    ("dhcpcd: not found", Complain(Fault::NoDhcpClient)),
    ("udhcpc: command not found", Complain(Fault::NoDhcpClient)),
    ("dhclient: command not found", Complain(Fault::NoDhcpClient)),
    ("dhcpcd: command not found", Complain(Fault::NoDhcpClient)),
    ("can't execute 'udhcpc'", Complain(Fault::NoDhcpClient)),
    ("No DHCP client software found", Complain(Fault::NoDhcpClient)),
    ("no dhcp client found", Complain(Fault::NoDhcpClient)),
    ("No dhcp client found", Complain(Fault::NoDhcpClient)),
    ("No DHCP client found", Complain(Fault::NoDhcpClient)),
    (" bad udp checksums in ", Complain(Fault::BadChecksums)),
    ("bad UDP checksum received", Complain(Fault::BadChecksums)),
    (": checksum failure from ", Complain(Fault::BadChecksums)),
    ("No bootable device", Complain(Fault::BootGaveUp)),
    ("Gave up waiting for root", Complain(Fault::BootGaveUp)),
    ("Dropping to a shell!", Complain(Fault::BootGaveUp)),
    ("You are in emergency mode", Complain(Fault::BootGaveUp)),
    ("Entering emergency mode", Complain(Fault::BootGaveUp)),
    ("Cannot open access to console, the root account is locked", Complain(Fault::BootGaveUp)),
    ("Give root password for maintenance", Complain(Fault::BootGaveUp)),
    ("Link is Down", Complain(Fault::LinkDown)),
    ("link is not ready", Complain(Fault::LinkDown)),
    ("Lost carrier", Complain(Fault::LinkDown)),
    (": carrier lost", Complain(Fault::LinkDown)),
    (": waiting for carrier", Complain(Fault::LinkDown)),
    (": no carrier", Complain(Fault::LinkDown)),
    ("<NO-CARRIER,", Complain(Fault::LinkDown)),
    ("Link is Up", Resolve(Fault::LinkDown)),
    ("link becomes ready", Resolve(Fault::LinkDown)),
    ("Gained carrier", Resolve(Fault::LinkDown)),
    (": carrier acquired", Resolve(Fault::LinkDown)),
    ("Failed to start OpenBSD Secure Shell server", Complain(Fault::SshServerFailed)),
    ("Failed to start OpenSSH server daemon", Complain(Fault::SshServerFailed)),
    ("Failed to start OpenSSH Daemon", Complain(Fault::SshServerFailed)),
    ("Failed to start ssh.service", Complain(Fault::SshServerFailed)),
    ("Failed to start sshd.service", Complain(Fault::SshServerFailed)),
    ("sshd: no hostkeys available", Complain(Fault::SshServerFailed)),
    ("sshd: not found", Complain(Fault::SshServerFailed)),
    ("dropbear: not found", Complain(Fault::SshServerFailed)),
    ("Missing privilege separation directory", Complain(Fault::SshServerFailed)),
];

/// A table and the automaton that finds its texts.
struct Needles {
    table: &'static Table,
    matcher: AhoCorasick,
}

impl Needles {
    fn new(table: &'static Table) -> Self {
        let matcher = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(table.iter().map(|(text, _)| text))
            .unwrap_or_else(|error| unreachable!("the table is a few kilobytes: {error}"));
        Self { table, matcher }
    }
}

static NEEDLES: LazyLock<[Needles; 3]> =
    LazyLock::new(|| [MILESTONES, CLIENTS, COMPLAINTS].map(Needles::new));

/// Applies all texts in `line` to the boot.
pub(crate) fn apply(line: &str, boot: &mut Boot<'_>) {
    for needles in &*NEEDLES {
        for found in needles.matcher.find_iter(line) {
            let (text, event) = &needles.table[found.pattern().as_usize()];
            event.apply(
                text,
                boot,
                Line { before: &line[..found.start()], after: &line[found.end()..] },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_at_most_64_texts() {
        assert!([MILESTONES, CLIENTS, COMPLAINTS].iter().all(|table| table.len() <= 64));
    }
}
