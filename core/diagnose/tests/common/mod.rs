//! Facts with given circumstances, and findings from a list of codes.

use std::time::SystemTime;

use vmkit_diagnose::{
    Catalogue, Comparison, Diagnosis, Facts, Finding, FindingCode, Machine, Machines, Process,
    Router, State, diagnose,
};
use vmkit_model::Platform;
use vmkit_scoring::{Pick, Unchecked, Verdict};
use vmkit_survey::Survey;
use vmkit_types::{
    HostNetwork, Interface, InterfaceKind, Mac, NetworkMode, Prefix, Reading, Route, Unread,
};

/// The parameters of a scenario.
pub(crate) struct Scene<'a> {
    pub(crate) name: &'a str,
    pub(crate) given: &'a [String],
    pub(crate) verdict: Verdict,
    pub(crate) unchecked: Option<Unchecked>,
    pub(crate) router: Reading<&'a Router>,
}

impl Scene<'_> {
    fn holds(&self, circumstance: &str) -> bool {
        self.given.iter().any(|given| given == circumstance)
    }

    fn machine(&self) -> Machine {
        let mode = [
            ("mode:bridged", NetworkMode::Bridged),
            ("mode:shared", NetworkMode::Shared),
            ("mode:user", NetworkMode::User),
        ];
        Machine {
            name: self.name.to_owned(),
            own_name: Some(self.name.to_owned()),
            host_name: Reading::Unknown(Unread::NotTried),
            process: Reading::Known(Process::Running),
            started_at: None,
            console_written_at: None,
            link_up: Reading::Unknown(Unread::NotTried),
            devices: Reading::Unknown(Unread::NotTried),
            macs: vec![Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, 0x57])],
            recorded_mac: Reading::Unknown(Unread::NotTried),
            mode: mode.iter().find(|(name, _)| self.holds(name)).map(|(_, mode)| *mode),
            interface: Some(if self.holds("port:macvtap") { "en0" } else { "br0" }.to_owned()),
            port: Some("tap0".to_owned()),
            remarks: Reading::Absent,
        }
    }

    fn network(&self) -> HostNetwork {
        let interface = |name: &str, kind, bridge: Option<&str>| Interface {
            name: name.to_owned(),
            mac: match () {
                () if self.holds("wifi:private-address") => Some(Mac::new([0x0a, 2, 3, 4, 5, 6])),
                () if self.holds("wifi:own-address") => Some(Mac::new([0x3c, 2, 3, 4, 5, 6])),
                () => None,
            },
            addresses: Vec::new(),
            kind,
            up: true,
            bridge: bridge.map(str::to_owned),
        };
        let mut interfaces = vec![
            interface("br0", InterfaceKind::Bridge, None),
            interface("tap0", InterfaceKind::Tap, Some("br0")),
            interface("en7", InterfaceKind::Ethernet, None),
        ];
        if self.holds("uplink:wifi") {
            interfaces.push(interface("en0", InterfaceKind::Wifi, Some("br0")));
        }
        if self.holds("uplink:ethernet") {
            interfaces.push(interface("en0", InterfaceKind::Ethernet, Some("br0")));
        }
        if self.holds("containers:present") {
            interfaces.push(interface("docker0", InterfaceKind::Container, None));
        }
        if self.holds("port:macvtap") {
            for each in &mut interfaces {
                each.bridge = None;
            }
        }
        if self.holds("vpn:present") {
            interfaces.push(interface("tun0", InterfaceKind::Vpn, None));
        }
        let default = Prefix { address: [0, 0, 0, 0].into(), length: 0 };
        let gateway = Some([192, 168, 1, 254].into());
        let route = Route { destination: default, gateway, interface: "br0".to_owned() };
        HostNetwork { interfaces, routes: vec![route] }
    }

    /// The diagnosis of this scene with these findings.
    pub(crate) fn diagnose(&self, findings: &[Finding], catalogue: &Catalogue) -> Diagnosis {
        self.facts(|facts| diagnose(facts, findings, catalogue))
    }

    /// The facts of this scene.
    pub(crate) fn facts<T>(&self, look: impl FnOnce(&Facts<'_>) -> T) -> T {
        let (machine, network, survey) = (self.machine(), self.network(), Survey::default());
        let pick = Pick {
            verdict: self.verdict,
            address: None,
            confidence: None,
            candidates: Vec::new(),
            none_probability: 1.0,
            about_machine: Vec::new(),
            notes: Vec::new(),
            unread: Vec::new(),
            unchecked: self.unchecked.clone(),
        };
        let platform = match () {
            () if self.holds("platform:linux") => Platform::Linux,
            () if self.holds("platform:macos") => Platform::MacOs,
            () => Platform::Unknown,
        };
        let comparison = Comparison::default();
        look(&Facts {
            now: SystemTime::UNIX_EPOCH,
            platform,
            machine: &machine,
            machines: &Machines::from_iter([machine.clone()]),
            comparison: &comparison,
            network: Reading::Known(&network),
            survey: &survey,
            evidence: Vec::new(),
            pick: &pick,
            guest_traffic: Reading::Unknown(Unread::NotTried),
            uplink_traffic: Reading::Unknown(Unread::NotTried),
            test: Reading::Unknown(Unread::NotTried),
            inside: Reading::Unknown(Unread::NotTried),
            router: self.router.clone(),
            examined: Reading::Unknown(Unread::NotTried),
        })
    }
}

/// Findings with these present, and those absent that are listed or whose source was looked at.
pub(crate) fn findings(
    catalogue: &Catalogue,
    present: &[String],
    absent: &[String],
    looked: &[String],
) -> Vec<Finding> {
    let listed = |list: &[String], word: &str| list.iter().any(|each| each == word);
    for code in present.iter().chain(absent) {
        assert!(FindingCode::from_code(code).is_some(), "no finding {code}");
    }
    let state = |code: FindingCode| match () {
        () if listed(present, code.code()) => State::Present(String::new()),
        () if listed(absent, code.code()) || listed(looked, &catalogue.finding(code).source) => {
            State::Absent(String::new())
        }
        () => State::NotObserved(Unread::NotTried),
    };
    FindingCode::ALL.iter().map(|code| Finding { code: *code, state: state(*code) }).collect()
}
