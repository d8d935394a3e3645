//! The files of the catalogue, compiled in.

/// A file: its path below `core/diagnose`, and its text.
type File = (&'static str, &'static str);

/// All files of the catalogue.
#[derive(Clone, Copy)]
pub(super) struct Files {
    pub(super) findings: File,
    pub(super) remedies: File,
    pub(super) tests: File,
    pub(super) boot: File,
    /// Code and text of each cause.
    pub(super) causes: &'static [File],
}

macro_rules! causes {
    ($($code:literal)*) => {
        &[$(($code, include_str!(concat!("../../causes/", $code, ".toml")))),*]
    };
}

pub(super) const FILES: Files = Files {
    findings: ("findings.toml", include_str!("../../findings.toml")),
    remedies: ("remedies.toml", include_str!("../../remedies.toml")),
    tests: ("tests.toml", include_str!("../../tests.toml")),
    boot: ("boot.toml", include_str!("../../boot.toml")),
    causes: CAUSES,
};

const CAUSES: &[File] = causes! {
    "guest-not-booted"
    "guest-no-nic"
    "guest-no-dhcp-client"
    "guest-link-down"
    "guest-static-wrong-subnet"
    "guest-discards-offer"
    "guest-ipv6-only"
    "guest-ssh-not-listening"
    "guest-firewall-blocks-ssh"
    "guest-duplicate-client-id"
    "guest-duplicate-machine-id"
    "guest-duplicate-host-key"
    "guest-no-default-route"
    "guest-resolver-silent"
    "vm-not-running"
    "vm-paused"
    "vm-duplicate-mac"
    "vm-registry-mac-mismatch"
    "vm-user-network"
    "virtual-network-not-started"
    "host-port-not-bridged"
    "host-bridge-without-uplink"
    "host-bridge-port-blocked"
    "host-bridge-forward-delay"
    "host-uplink-down"
    "host-wrong-uplink"
    "host-firewall-drops-bridged"
    "host-firewall-blocks-dhcp-server"
    "host-checksum-offload"
    "host-dhcp-server-down"
    "host-no-bridge-address"
    "host-vpn-captures-subnet"
    "host-route-misdirected"
    "host-macvtap-isolated"
    "host-subnet-collides"
    "host-local-network-privacy"
    "host-firewall-blocks-ssh"
    "host-firewall-drops-forwarded"
    "host-forwarding-off"
    "host-nat-missing"
    "host-wifi-cannot-bridge"
    "wifi-foreign-mac-dropped"
    "wired-foreign-mac-dropped"
    "wifi-unicast-offer-lost"
    "wifi-mac-nat-entry-lost"
    "wifi-private-address-changed"
    "router-drops-foreign-chaddr"
    "router-blocks-vm-mac"
    "client-isolation"
    "proxy-arp"
    "captive-portal"
    "dhcp-no-server"
    "dhcp-pool-exhausted"
    "dhcp-rogue-server"
    "dhcp-nak-loop"
    "dhcp-requests-blocked"
    "dhcp-replies-blocked"
    "dhcp-ack-lost"
    "dhcp-broadcast-filtered"
    "dhcp-lossy-link"
    "dhcp-wrong-subnet"
    "dhcp-bad-gateway"
    "dhcp-wrong-mask"
    "dhcp-short-lease"
    "dhcp-small-mtu"
    "dhcp-gives-address-twice"
    "dhcp-gives-host-address"
    "dhcp-renewal-failing"
    "address-conflict"
    "arp-filtered"
    "identity-mismatch"
    "stale-arp"
    "stale-lease"
    "stale-dns"
    "stale-hosts"
    "stale-console"
    "mtu-mismatch"
};
