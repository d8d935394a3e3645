//! The faults that are drawn, their surroundings, and the parts of a snapshot that reveal them.

/// One fault.
#[derive(Debug)]
pub struct Fault {
    /// The cause's code. A fault with `other-` has no cause, and the only right answer is "cannot tell".
    pub code: &'static str,
    /// The required surroundings.
    pub(super) given: &'static [&'static str],
    /// Sets of parts of a snapshot, each enough to tell the fault. An empty set: every snapshot is enough.
    /// No set: nobody can be sure.
    pub(super) shown_by: &'static [&'static [&'static str]],
}

pub(super) const fn fault(
    code: &'static str,
    given: &'static [&'static str],
    shown_by: &'static [&'static [&'static str]],
) -> Fault {
    Fault { code, given, shown_by }
}

pub(super) const BRIDGED: &[&str] = &["bridged"];
const SHARED: &[&str] = &["shared"];
/// Besides parts: marks of what they happen to show.
const LOSS: &[&[&str]] =
    &[&["guest", "some-answered"], &["test", "loss-counted"], &["firewall", "random-rule"]];
pub(super) const CAPTURE: &[&[&str]] = &[&["guest"], &["uplink"]];

/// All faults, grouped by their place.
pub static FAULTS: &[Fault] = &[
    fault("guest-not-booted", &[], &[&["console"]]),
    fault("guest-no-nic", &[], &[&["console"]]),
    fault("guest-no-dhcp-client", &[], &[&["console"]]),
    fault("guest-link-down", &[], &[&["qmp"], &["console"]]),
    fault("guest-static-wrong-subnet", &[], &[&["guest"], &["console"]]),
    fault("guest-discards-offer", &[], &[&["guest"]]),
    fault("guest-ipv6-only", BRIDGED, &[&["neigh", "console"]]),
    fault("guest-ssh-not-listening", &[], &[&["probes"]]),
    fault("guest-firewall-blocks-ssh", &[], &[&["probes", "firewall"]]),
    fault("guest-duplicate-client-id", &["two-machines"], CAPTURE),
    fault("guest-duplicate-machine-id", &["two-machines"], &[&["guest"]]),
    fault("guest-duplicate-host-key", &["two-machines"], &[&["probes"]]),
    fault("vm-not-running", &[], &[&[]]),
    fault("vm-paused", &[], &[&[]]),
    fault("vm-duplicate-mac", &["two-machines"], &[&[]]),
    fault("vm-registry-mac-mismatch", &[], &[&[]]),
    fault("vm-user-network", &[], &[&[]]),
    fault("host-port-not-bridged", &["bridged", "linux"], &[&[]]),
    fault("host-bridge-without-uplink", &["bridged", "linux"], &[&[]]),
    fault("host-bridge-port-blocked", &["bridged", "linux"], &[&["bridge"]]),
    fault("host-bridge-forward-delay", &["bridged", "linux", "young"], &[&["bridge"]]),
    fault("host-uplink-down", BRIDGED, &[&[]]),
    fault("host-wrong-uplink", &["bridged", "ethernet"], &[&["uplink"], &["test"]]),
    fault("host-firewall-drops-bridged", &["bridged", "linux"], &[&["firewall"]]),
    fault("host-firewall-blocks-dhcp-server", SHARED, &[&["firewall"]]),
    fault("host-firewall-blocks-ssh", &["bridged", "linux"], &[&["firewall", "probes"]]),
    fault("host-checksum-offload", SHARED, &[&["guest"]]),
    fault("host-dhcp-server-down", SHARED, &[&["listeners"]]),
    fault("virtual-network-not-started", &["shared", "linux"], &[&[]]),
    fault("host-no-bridge-address", &["linux"], &[&[]]),
    fault("host-vpn-captures-subnet", &[], &[&["probes"]]),
    fault("host-local-network-privacy", &["macos"], &[&["probes"]]),
    fault("host-wifi-cannot-bridge", &["bridged", "linux", "wifi"], &[&[]]),
    fault("wifi-foreign-mac-dropped", &["bridged", "linux", "wifi"], &[&["uplink"]]),
    fault("wired-foreign-mac-dropped", &["bridged", "ethernet"], &[&["uplink", "test"]]),
    fault("wifi-unicast-offer-lost", &["bridged", "macos", "wifi"], &[&["guest", "uplink"]]),
    fault("router-drops-foreign-chaddr", &["bridged", "macos", "wifi"], &[&["test"]]),
    fault("router-blocks-vm-mac", BRIDGED, &[&["test"]]),
    fault("wifi-private-address-changed", &["bridged", "macos", "wifi"], &[&["listeners", "test"]]),
    // This computer reaches its own VMs, and the first frame of a VM restores its entry.
    fault("wifi-mac-nat-entry-lost", &["bridged", "macos", "wifi"], &[]),
    fault("captive-portal", BRIDGED, CAPTURE),
    fault("mtu-mismatch", &[], &[&["probes"]]),
    fault("client-isolation", &["bridged", "linux", "two-machines"], &[&["bridge"]]),
    fault("proxy-arp", BRIDGED, &[&["neigh", "probes"]]),
    fault("dhcp-no-server", BRIDGED, &[&["test"]]),
    fault("dhcp-pool-exhausted", &["shared", "linux"], &[&["servers"]]),
    fault("dhcp-rogue-server", BRIDGED, CAPTURE),
    fault("dhcp-nak-loop", BRIDGED, CAPTURE),
    fault("dhcp-requests-blocked", &["bridged", "linux"], &[&["firewall"]]),
    fault("dhcp-replies-blocked", &["bridged", "linux"], &[&["firewall"], &["guest", "uplink"]]),
    fault("dhcp-ack-lost", &["bridged", "linux"], &[&["guest"]]),
    fault("dhcp-broadcast-filtered", &["bridged", "macos", "wifi"], &[&["test"]]),
    fault("dhcp-lossy-link", BRIDGED, LOSS),
    fault("dhcp-wrong-subnet", BRIDGED, CAPTURE),
    fault("dhcp-bad-gateway", BRIDGED, CAPTURE),
    fault("dhcp-gives-host-address", BRIDGED, CAPTURE),
    fault("dhcp-gives-address-twice", &["bridged", "two-machines"], CAPTURE),
    fault("dhcp-small-mtu", BRIDGED, CAPTURE),
    fault("dhcp-renewal-failing", BRIDGED, &[&["guest"]]),
    // Its guest declines, so that no signal names an address that a probe could ask about.
    fault("address-conflict", BRIDGED, CAPTURE),
    fault("arp-filtered", &["bridged", "linux"], &[&["firewall"]]),
    fault("identity-mismatch", BRIDGED, &[&["probes"]]),
    fault("stale-arp", BRIDGED, &[&["neigh", "probes"]]),
    fault("stale-lease", SHARED, &[&["leases", "probes", "neigh"]]),
    fault("stale-dns", BRIDGED, &[&["dns", "probes", "neigh"]]),
    fault("stale-hosts", BRIDGED, &[&["hosts", "probes", "neigh"]]),
    // An old log of a healthy VM is no problem, so nobody needs to name it.
    fault("stale-console", BRIDGED, &[]),
    fault("other-vlan-tagged", &["bridged", "linux"], &[]),
    fault("other-lease-not-applied", &["bridged", "linux"], &[]),
];

/// Faults beside which a VM keeps the address that it has.
const LEAVE_ADDRESS: [&str; 11] = [
    "guest-ssh-not-listening",
    "guest-firewall-blocks-ssh",
    "host-local-network-privacy",
    "mtu-mismatch",
    "dhcp-renewal-failing",
    "dhcp-wrong-mask",
    "stale-arp",
    "stale-lease",
    "stale-dns",
    "stale-hosts",
    "stale-console",
];

/// Pairs that occur together and are both visible.
pub(super) static DOUBLE: &[[&str; 2]] = &[
    ["router-drops-foreign-chaddr", "guest-link-down"],
    ["dhcp-rogue-server", "guest-ssh-not-listening"],
    ["dhcp-no-server", "vm-duplicate-mac"],
    ["dhcp-replies-blocked", "vm-registry-mac-mismatch"],
    ["host-bridge-port-blocked", "host-firewall-drops-bridged"],
    ["stale-dns", "guest-ssh-not-listening"],
    ["stale-hosts", "stale-dns"],
    ["dhcp-bad-gateway", "guest-firewall-blocks-ssh"],
    ["client-isolation", "stale-hosts"],
    ["host-vpn-captures-subnet", "stale-hosts"],
    ["address-conflict", "dhcp-rogue-server"],
    ["host-uplink-down", "guest-no-dhcp-client"],
    ["dhcp-wrong-subnet", "vm-registry-mac-mismatch"],
    ["identity-mismatch", "stale-dns"],
];

impl Fault {
    /// Whether a cause of this code exists.
    pub fn is_known(&self) -> bool {
        !self.code.starts_with("other-")
    }

    /// Whether the VM has its address nevertheless, and whoever asks the right one reaches it.
    pub(super) fn leaves_address(&self) -> bool {
        LEAVE_ADDRESS.contains(&self.code)
    }

    /// Whether these parts of a snapshot are enough to tell the fault.
    pub(super) fn is_shown_by(&self, parts: &[&str]) -> bool {
        self.shown_by.iter().any(|set| set.iter().all(|part| parts.contains(part)))
    }
}
