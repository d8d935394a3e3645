use std::{collections::BTreeSet, fs, path::Path};

use super::{embedded::FILES, *};
use crate::FindingCode;

/// The codes of the contract: once released, they keep their meaning.
const CONTRACT: &str = "
    guest-not-booted guest-no-nic guest-no-dhcp-client guest-link-down guest-static-wrong-subnet
    guest-discards-offer guest-ipv6-only guest-ssh-not-listening guest-firewall-blocks-ssh
    guest-duplicate-client-id
    vm-not-running vm-paused vm-duplicate-mac vm-registry-mac-mismatch
    host-port-not-bridged host-bridge-port-blocked host-bridge-forward-delay host-uplink-down
    host-wrong-uplink host-firewall-drops-bridged host-firewall-blocks-dhcp-server
    host-dhcp-server-down host-no-bridge-address host-vpn-captures-subnet
    host-local-network-privacy host-wifi-cannot-bridge
    wifi-foreign-mac-dropped router-drops-foreign-chaddr router-blocks-vm-mac client-isolation
    proxy-arp captive-portal
    dhcp-no-server dhcp-pool-exhausted dhcp-rogue-server dhcp-nak-loop dhcp-requests-blocked
    dhcp-replies-blocked dhcp-ack-lost dhcp-broadcast-filtered dhcp-lossy-link dhcp-wrong-subnet
    dhcp-bad-gateway dhcp-renewal-failing
    address-conflict arp-filtered identity-mismatch stale-arp stale-lease stale-dns stale-hosts
    stale-console mtu-mismatch
    virtual-network-not-started host-bridge-without-uplink";

/// What a title must not start with: it would state a remedy.
const IMPERATIVES: &[&str] = &["Use", "Set", "Turn", "Start", "Stop", "Check", "Allow", "Enable"];

#[test]
fn every_code_of_the_contract_has_a_cause() {
    let catalogue = Catalogue::builtin().unwrap();
    for code in CONTRACT.split_whitespace() {
        assert!(catalogue.cause(code).is_some(), "{code}");
    }
}

#[test]
fn every_cause_file_is_compiled_in_once() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("causes");
    let on_disk: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let listed: Vec<String> = FILES.causes.iter().map(|(code, _)| format!("{code}.toml")).collect();
    assert_eq!(listed.len(), on_disk.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), on_disk);
}

#[test]
fn every_text_can_be_shown() {
    let catalogue = Catalogue::builtin().unwrap();
    for cause in &catalogue.causes {
        let (code, title) = (cause.code, &cause.title);
        assert!(title.len() <= 90 && !title.contains('\n') && !title.ends_with('.'), "{code}");
        let first = title.split(' ').next().unwrap();
        assert!(!IMPERATIVES.contains(&first), "{code}: a title states the fault");
        for text in [&cause.why, &cause.shows, &cause.apart] {
            assert!(text.trim().len() > 20, "{code}");
        }
        assert!(!cause.sources.is_empty() && !cause.remedies.is_empty(), "{code}");
        assert!(!cause.produces.is_empty(), "{code}");
        assert!(!cause.explains.iter().any(|each| each == code), "{code} explains itself");
    }
    for remedy in &catalogue.remedies {
        for text in [&remedy.title, &remedy.risk_says, &remedy.undo] {
            assert!(!text.is_empty(), "{}", remedy.id);
        }
        assert!(!remedy.steps.is_empty(), "{}", remedy.id);
    }
}

#[test]
fn every_cause_says_where_it_stops_frames_or_that_it_does_not() {
    for cause in Catalogue::builtin().unwrap().causes {
        let code = cause.code;
        let Some(Stops { place, says }) = cause.stops else {
            panic!(
                "causes/{code}.toml lacks the table [stops]: write `at = \"none\"` if frames pass, or \
                 `at` with a station (`guest`), a hop (`port-to-bridge`) or `somewhere`, and `says` \
                 with what happens to them, such as \"the port is not in the bridge\""
            );
        };
        assert_eq!(says.is_empty(), place == Place::Nowhere, "{code}: {place} {says:?}");
        assert!(says.len() <= 60 && !says.ends_with('.') && !says.contains('\n'), "{code}: {says}");
        let own = format!("at = \"{place}\"");
        let (_, text) = FILES.causes.iter().find(|(known, _)| *known == code).unwrap();
        assert!(text.contains(&own), "{code}: {own} is written differently");
    }
}

#[test]
fn every_remedy_and_finding_is_used() {
    let catalogue = Catalogue::builtin().unwrap();
    let used: BTreeSet<usize> =
        catalogue.causes.iter().flat_map(|c| c.remedies.iter().map(|(at, _)| *at)).collect();
    for (at, remedy) in catalogue.remedies.iter().enumerate() {
        assert!(used.contains(&at), "no cause is helped by {}", remedy.id);
    }
    let shown: BTreeSet<FindingCode> =
        catalogue.causes.iter().flat_map(|c| c.produces.iter().map(|(at, _)| *at)).collect();
    for finding in &catalogue.findings {
        let is_boot = finding.while_booting == WhileBooting::IsBoot;
        assert!(shown.contains(&finding.code) != is_boot, "no cause shows {}", finding.code);
    }
}

#[test]
fn findings_are_described_in_the_order_of_their_codes() {
    let headers =
        FILES.findings.1.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let codes = FindingCode::ALL.iter().map(|code| code.code());
    assert_eq!(headers.collect::<Vec<_>>(), codes.collect::<Vec<_>>());
}

#[test]
fn every_finding_is_derived_from_facts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/findings");
    let folders = [folder.join("capture"), folder.join("firewall"), folder.join("inside"), folder];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let text: String = files.map(|path| fs::read_to_string(path).unwrap()).collect();
    let words: BTreeSet<&str> =
        text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).collect();
    for code in FindingCode::ALL {
        let derived = words.contains(format!("FindingCode::{code:?}").as_str());
        assert!(derived, "{code}");
    }
}

#[test]
fn the_times_of_a_boot_have_their_sources() {
    let boot = Catalogue::builtin().unwrap().boot;
    assert!((60..=600).contains(&boot.limit_s));
    assert!(!boot.sources.is_empty());
    for phase in [&boot.address, &boot.ssh] {
        assert!(!phase.awaited.is_empty() && !phase.usual.is_empty(), "{phase:?}");
        assert!(!phase.sources.is_empty(), "{phase:?}");
    }
}

#[test]
fn isolation_never_explains_a_missing_lease() {
    let catalogue = Catalogue::builtin().unwrap();
    let cause = catalogue.cause("client-isolation").unwrap();
    for (finding, _) in &cause.produces {
        let isolation = [FindingCode::PeersUnreachable, FindingCode::PortIsolated];
        assert!(isolation.contains(finding), "{finding}");
    }
}

#[test]
fn an_invalid_file_is_refused_with_its_place() {
    let (_, router) = FILES.causes.iter().find(|(code, _)| *code == "captive-portal").unwrap();
    let faults = [
        (
            "web-hijacked = 0.96",
            "web-hijacked = 1.0",
            "probability of web-hijacked is out of range",
        ),
        ("web-hijacked = 0.96", "web-hijacker = 0.9", "names the unknown finding web-hijacker"),
        ("portal-login", "portal-logout", "names the unknown remedy portal-logout"),
        ("mode:shared", "mode:sheared", "names the unknown circumstance mode:sheared"),
        ("layer = \"router\"", "layer = \"rooter\"", "cannot read captive-portal"),
        ("prior = 0.002", "prior = 0", "the prior is out of range"),
        ("at = \"router\"", "at = \"rooter\"", "names the unknown place rooter"),
        ("at = \"router\"", "at = \"router-to-router\"", "the unknown place router-to-router"),
    ];
    for (good, bad, expected) in faults {
        let text = router.replacen(good, bad, 1);
        assert_ne!(text, *router, "{good}");
        let causes: &'static [(&str, &str)] =
            Vec::leak(vec![("captive-portal", &*String::leak(text))]);
        let error =
            rows::parse(super::embedded::Files { causes, ..FILES }).unwrap_err().to_string();
        assert!(error.contains(expected), "{bad}: {error}");
    }
}
