//! Findings: what was looked for on one machine, and whether it is there.

use std::fmt;

use vmkit_types::Unread;

macro_rules! codes {
    ($($name:ident = $code:literal,)*) => {
        /// What can be found out about a machine. `findings.toml` describes each in the same order.
        /// The codes are a contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingCode {
            $(#[doc = concat!("`", $code, "`")] $name,)*
        }

        impl FindingCode {
            /// Every code, in the order of reports.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in data, documents and JSON.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

codes! {
    MachineNotRunning = "machine-not-running",
    MachinePaused = "machine-paused",
    MachineLinkDown = "machine-link-down",
    MachineMacShared = "machine-mac-shared",
    MachineMacNotRegistered = "machine-mac-not-registered",
    MachineNetworkInactive = "machine-network-inactive",
    GuestDriverAbsent = "guest-driver-absent",
    GuestInterfaceUnused = "guest-interface-unused",
    DiskHardlyRead = "disk-hardly-read",
    BootUnfinished = "boot-unfinished",
    BootStoppedEarly = "boot-stopped-early",
    KernelPanic = "kernel-panic",
    GuestSeesNoNetworkCard = "guest-sees-no-network-card",
    GuestHasNoDhcpClient = "guest-has-no-dhcp-client",
    GuestConfiguresAnotherCard = "guest-configures-another-card",
    GuestReportsBadChecksums = "guest-reports-bad-checksums",
    GuestReportsLinkDown = "guest-reports-link-down",
    GuestDhcpFailed = "guest-dhcp-failed",
    GuestAddressStaticElsewhere = "guest-address-static-elsewhere",
    GuestSshServerFailed = "guest-ssh-server-failed",
    AddressMissing = "address-missing",
    AddressLinkLocal = "address-link-local",
    AddressOnlyIpv6 = "address-only-ipv6",
    AddressHasTwoOwners = "address-has-two-owners",
    AddressSharedWithMachine = "address-shared-with-machine",
    AddressAnswersAsAnother = "address-answers-as-another",
    AddressHostKeyDiffers = "address-host-key-differs",
    AddressArpSilent = "address-arp-silent",
    AddressNotReached = "address-not-reached",
    AddressOneMacAnswersForAll = "address-one-mac-answers-for-all",
    AddressOffSubnet = "address-off-subnet",
    SshRefused = "ssh-refused",
    SshFiltered = "ssh-filtered",
    PingUnanswered = "ping-unanswered",
    ArpCacheOutdated = "arp-cache-outdated",
    LeaseRecordOutdated = "lease-record-outdated",
    DnsOutdated = "dns-outdated",
    HostsFileOutdated = "hosts-file-outdated",
    ConsoleOutdated = "console-outdated",
    GuestPortSilent = "guest-port-silent",
    GuestNeverAsks = "guest-never-asks",
    RequestLostInHost = "request-lost-in-host",
    OfferLostInHost = "offer-lost-in-host",
    OfferNeverArrives = "offer-never-arrives",
    ForeignMacOnAir = "foreign-mac-on-air",
    SomeRequestsUnanswered = "some-requests-unanswered",
    FirstRequestsUnanswered = "first-requests-unanswered",
    OfferIgnored = "offer-ignored",
    OfferChecksumWrong = "offer-checksum-wrong",
    AcknowledgementMissing = "acknowledgement-missing",
    AcknowledgementLostInHost = "acknowledgement-lost-in-host",
    RequestRefused = "request-refused",
    RequestRefusedAgainAndAgain = "request-refused-again-and-again",
    AddressDeclined = "address-declined",
    SeveralServersAnswer = "several-servers-answer",
    ServersDisagreeOnSubnet = "servers-disagree-on-subnet",
    OfferedOtherSubnet = "offered-other-subnet",
    OfferedBadGateway = "offered-bad-gateway",
    OfferedHostAddress = "offered-host-address",
    ClientIdentifierShared = "client-identifier-shared",
    RenewalUnanswered = "renewal-unanswered",
    BroadcastReplyMissing = "broadcast-reply-missing",
    TestHostUnanswered = "test-host-unanswered",
    TestMachineUnanswered = "test-machine-unanswered",
    TestForeignUnanswered = "test-foreign-unanswered",
    TestBroadcastUnanswered = "test-broadcast-unanswered",
    LinkLosesFrames = "link-loses-frames",
    UplinkDown = "uplink-down",
    UplinkNotDefault = "uplink-not-default",
    HostUnserved = "host-unserved",
    PortNotInBridge = "port-not-in-bridge",
    BridgeHasNoUplink = "bridge-has-no-uplink",
    PortNotForwarding = "port-not-forwarding",
    PortStillLearning = "port-still-learning",
    PortIsolated = "port-isolated",
    FirewallDropsBridged = "firewall-drops-bridged",
    FirewallDropsDhcpRequests = "firewall-drops-dhcp-requests",
    FirewallDropsDhcpReplies = "firewall-drops-dhcp-replies",
    FirewallDropsArp = "firewall-drops-arp",
    FirewallDropsAtRandom = "firewall-drops-at-random",
    FirewallDropsForeignMac = "firewall-drops-foreign-mac",
    FirewallDropsBroadcast = "firewall-drops-broadcast",
    FirewallBlocksDhcpServer = "firewall-blocks-dhcp-server",
    DhcpServerNotListening = "dhcp-server-not-listening",
    BridgeHasNoAddress = "bridge-has-no-address",
    VpnTakesSubnet = "vpn-takes-subnet",
    RouteLeavesElsewhere = "route-leaves-elsewhere",
    SubnetsCollide = "subnets-collide",
    OnlyThisProgramBlocked = "only-this-program-blocked",
    PathCarriesSmallPacketsOnly = "path-carries-small-packets-only",
    RouterDoesNotListMachine = "router-does-not-list-machine",
    RouterBlocksMachine = "router-blocks-machine",
    RouterKnownToDropBridged = "router-known-to-drop-bridged",
    PeersUnreachable = "peers-unreachable",
    WebHijacked = "web-hijacked",
    PoolExhausted = "pool-exhausted",
    DiscoverUnanswered = "discover-unanswered",
    FirewallDropsSsh = "firewall-drops-ssh",
    AddressGivenTwice = "address-given-twice",
    MachineIdentityShared = "machine-identity-shared",
    HostKeyShared = "host-key-shared",
    HostNameShared = "host-name-shared",
    ForwardingOff = "forwarding-off",
    TranslationMissing = "translation-missing",
    FirewallDropsForwarded = "firewall-drops-forwarded",
    GuestHasNoDefaultRoute = "guest-has-no-default-route",
    GuestResolverSilent = "guest-resolver-silent",
    GuestFirewallDropsSsh = "guest-firewall-drops-ssh",
    GuestHasNoSshListener = "guest-has-no-ssh-listener",
    GuestSetupFailed = "guest-setup-failed",
    OfferedOtherMask = "offered-other-mask",
    OfferedShortLease = "offered-short-lease",
    OfferedSmallMtu = "offered-small-mtu",
    WifiAddressChanged = "wifi-address-changed",
}

impl FindingCode {
    /// The code of this name.
    pub fn from_code(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|each| each.code() == name).copied()
    }

    /// Its position in [`FindingCode::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One finding about one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which finding.
    pub code: FindingCode,
    /// Whether it is there.
    pub state: State,
}

/// Whether a finding is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is there; what was seen, in plain words, with names and numbers.
    Present(String),
    /// It was looked for and is not there; what was seen instead.
    Absent(String),
    /// It was not looked for or could not be seen. It says nothing for or against any cause.
    NotObserved(Unread),
}
