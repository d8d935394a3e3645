//! The machine and what runs in it.

use crate::row::{
    Act::{Filter, On, Pause, PullCable, Run, Stop},
    CANNOT_TELL, GuestOf, LINUX, Row, Then, WIRED, Where,
};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "guest-without-card",
        guest: GuestOf::Linux("fault=driver"),
        causes: &["guest-no-nic"],
        options: &["--yes", "--wait", "14"],
        ..LINUX
    },
    Row {
        name: "guest-without-client",
        guest: GuestOf::Linux("fault=client"),
        causes: &["guest-no-dhcp-client"],
        options: &["--yes", "--wait", "14"],
        ..LINUX
    },
    // Nothing on their consoles tells the next three apart, and no frame passes their ports.
    Row {
        name: "guest-without-driver",
        guest: GuestOf::Linux("fault=undriven"),
        causes: &["guest-no-nic"],
        options: &["--yes", "--wait", "14"],
        ..LINUX
    },
    Row {
        name: "guest-leaves-its-interface-down",
        guest: GuestOf::Linux("fault=unused"),
        causes: &["guest-link-down"],
        may: &["guest-no-dhcp-client"],
        options: &["--yes", "--wait", "14"],
        ..LINUX
    },
    Row {
        name: "guest-without-bootable-disk",
        guest: GuestOf::Linux("fault=disk"),
        causes: &["guest-not-booted"],
        ..LINUX
    },
    Row {
        name: "guest-panics",
        guest: GuestOf::Linux("fault=panic"),
        causes: &["guest-not-booted"],
        ..LINUX
    },
    Row {
        name: "guest-static-elsewhere",
        guest: GuestOf::Linux("fault=static nodhcp"),
        causes: &["guest-static-wrong-subnet"],
        options: &["--yes", "--wait", "14"],
        ..LINUX
    },
    Row {
        name: "guest-without-ssh",
        guest: GuestOf::Linux("fault=none nossh"),
        causes: &["guest-ssh-not-listening"],
        options: &["--yes"],
        ..LINUX
    },
    Row {
        name: "guest-still-booting",
        guest: GuestOf::Linux("fault=slow"),
        options: &["--yes"],
        awaits: "ssh",
        exit: CANNOT_TELL,
        ..LINUX
    },
    Row {
        name: "guest-still-without-network",
        guest: GuestOf::Linux("fault=early"),
        options: &["--yes"],
        awaits: "address",
        exit: CANNOT_TELL,
        ..LINUX
    },
    Row {
        name: "guest-paused",
        breaks: &[Pause],
        then: Then::Nothing,
        causes: &["vm-paused"],
        ..WIRED
    },
    Row {
        name: "guest-stopped",
        breaks: &[Stop],
        then: Then::Nothing,
        causes: &["vm-not-running"],
        ..WIRED
    },
    Row {
        name: "guest-cable-pulled",
        breaks: &[PullCable],
        then: Then::Reboot,
        causes: &["guest-link-down"],
        options: &["--yes", "--wait", "14"],
        ..WIRED
    },
    Row {
        name: "guest-interface-down",
        breaks: &[On(Where::Guest, "ip link set eth0 down")],
        then: Then::RebootMute,
        causes: &[],
        options: &["--yes", "--wait", "14"],
        may: &["guest-link-down"],
        // Of its second boot nothing is seen but the kernel.
        awaits: "address",
        exit: CANNOT_TELL,
        ..WIRED
    },
    Row {
        name: "guest-firewall-drops-ssh",
        breaks: &[Filter(Where::Guest, "inet input", "tcp dport 22 counter drop")],
        then: Then::Nothing,
        causes: &["guest-firewall-blocks-ssh"],
        ..WIRED
    },
    Row {
        name: "guest-refuses-ssh",
        breaks: &[Filter(Where::Guest, "inet input", "tcp dport 22 counter reject with tcp reset")],
        then: Then::Nothing,
        causes: &["guest-ssh-not-listening"],
        ..WIRED
    },
    Row {
        name: "guest-static-elsewhere-namespace",
        then: Then::RebootMute,
        after: &[
            On(
                Where::Guest,
                "ip address add 10.20.30.40/24 dev eth0 && ip route add default via 10.20.30.1",
            ),
            Run(Where::Guest, "busybox ping 10.20.30.1"),
        ],
        causes: &["guest-static-wrong-subnet"],
        options: &["--yes", "--wait", "14"],
        ..WIRED
    },
    Row {
        name: "guest-asks-nothing",
        then: Then::RebootMute,
        after: &[
            On(
                Where::Guest,
                "sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0 && ip link set eth0 down && ip link set eth0 up",
            ),
            Run(Where::Guest, "busybox ping6 -I eth0 ff02::1"),
        ],
        causes: &["guest-no-dhcp-client"],
        may: &["guest-ipv6-only"],
        options: &["--yes", "--wait", "14"],
        ..WIRED
    },
];
