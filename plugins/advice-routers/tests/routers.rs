//! A row for every router that can be recognised, and what is offered at which.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::time::{Duration, Instant};

use advice_routers::Routers;
use vmkit_plugin::Fact;
use vmkit_testkit::FakeHost;

/// An answer as one line, or a remedy: `ID PERCENT`.
struct Answer {
    id: String,
    title: String,
    percent: u16,
    because: Vec<String>,
    steps: Vec<String>,
    is_remedy: bool,
}

/// Facts as `key=value`; a page is `/path=body`.
fn ask(facts: &[&str]) -> Vec<Answer> {
    let facts: Vec<Fact> = facts
        .iter()
        .flat_map(|fact| {
            let (key, value) = fact.split_once('=').unwrap();
            let fact = |key: String, value: &str| Fact { key, value: value.to_owned() };
            if key.starts_with('/') {
                let status = fact(format!("http.status:{key}"), "200");
                vec![status, fact(format!("http.body:{key}"), value)]
            } else {
                vec![fact(key.to_owned(), value)]
            }
        })
        .collect();
    let advice = FakeHost::new().advise::<Routers>("{}", &facts).unwrap();
    let answers = advice.iter().map(|item| Answer {
        id: item.id.to_string(),
        title: item.title.to_string(),
        percent: (item.confidence_permille + 5) / 10,
        because: item.because.iter().map(ToString::to_string).collect(),
        steps: item.steps.iter().map(ToString::to_string).collect(),
        is_remedy: !item.steps.is_empty(),
    });
    answers.collect()
}

/// The best answer: id and percent.
fn best(facts: &[&str]) -> Option<(String, u16)> {
    let answer = ask(facts).into_iter().find(|answers| !answers.is_remedy);
    answer.map(|answer| (answer.id, answer.percent))
}

#[test]
fn recognises_routers_as_surely_as_the_facts_allow() {
    let rows: &[(&[&str], &str, u16)] = &[
        (&["/gui/=<div>BT Hub 6A</div>", "gateway.address=192.168.1.254"], "bt-smart-hub-1", 76),
        (&["http.title:/=BT Home Hub manager - Home"], "bt-home-hub-legacy", 90),
        (&["/cgi/cgi_helpdesk.js=var p='EE%20Smart%20Hub';"], "ee-smart-hub", 75),
        (
            &["/cgi/cgi_owl.js=owl_tplg=[{sw_ver:'v0%2E10%2E00%2E04201%2DPN'}]"],
            "plusnet-hub-two",
            75,
        ),
        (&["ssdp.server=Sky Router UPnP/1.0", "ssdp.model-name=SR102"], "sky-hub", 97),
        (&["http.title:/=Super Hub | GUI"], "virgin-hub", 75),
        (&["/rest/v1/cablemodem/state_={\"cablemodem\":{}}"], "virgin-hub", 90),
        (&["http.title:/=Vodafone", "gateway.name=vodafone.broadband"], "vodafone-uk", 44),
        (&["ssdp.friendly-name=Bbox", "ssdp.manufacturer=Sagemcom"], "bouygues-bbox", 75),
        (&["http.title:/=FRITZ!Box 7590", "gateway.name=fritz.box."], "fritzbox", 97),
        (&["ssdp.friendly-name=Speedport Smart 4 Typ B"], "speedport", 75),
        (&["ssdp.friendly-name=Orange Livebox", "ssdp.server=OpenWRT/12.09.1"], "livebox", 90),
        (&["http.title:/=Freebox OS", "gateway.address=192.168.1.254"], "freebox", 90),
        (&["http.title:/=UniFi Network"], "unifi", 75),
        (&["ssdp.manufacturer=eero inc.", "ssdp.model-name=eero Pro 6"], "eero", 83),
        (&["/api/v1/status={\"system\":{\"modelId\":\"x\"}}"], "google-wifi", 75),
        (&["ssdp.manufacturer=TP-Link", "ssdp.model-name=Archer AX50"], "tp-link-archer", 94),
        (&["ssdp.manufacturer=TP-Link", "ssdp.model-name=Deco X60"], "tp-link-deco", 67),
        (&["ssdp.manufacturer=TP-Link"], "tp-link-archer", 38),
        (&["ssdp.manufacturer=NETGEAR, Inc."], "netgear", 90),
        (&["ssdp.server=AsusWRT/386.1 UPnP/1.1 MiniUPnPd/2.2.0"], "asus", 90),
        (&["ssdp.manufacturer=Linksys"], "linksys", 75),
        (&["http.header:/:server=Xfinity Broadband Router Server"], "xfinity-xfi", 90),
        (&["/cgi-bin/sitemap.ha=<a href='/cgi-bin/devices.ha'>"], "att-bgw320", 90),
        (&["ssdp.server=NT/5.0 UPnP/1.0 NVG578LX/9.2"], "youfibre-nvg578lx", 90),
        (&["gateway.name=mynetworksettings.com"], "verizon-fios", 75),
        (&["gateway.name=mymodem", "gateway.address=10.0.0.138"], "telstra", 22),
        (&["/=<a href=\"cgi-bin/luci/\">LuCI</a>", "dhcp.domain=lan"], "openwrt", 77),
        (&["http.title:/=RouterOS router configuration page"], "mikrotik", 90),
        (&["http.title:/=pfSense - Login"], "pfsense", 90),
        (&["http.header:/:server=OPNsense"], "opnsense", 90),
    ];
    let mut wrong = Vec::new();
    for (facts, id, percent) in rows {
        let found = best(facts);
        if found != Some(((*id).to_owned(), *percent)) {
            wrong.push(format!("{facts:?}: {found:?}, not {id} {percent}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_address_or_a_maker_identifies_no_router() {
    let rows: &[&[&str]] = &[
        &[],
        &["gateway.address=192.168.1.254"],
        &["gateway.address=192.168.178.1", "gateway.mac=00:04:0e:01:02:03"],
        &["gateway.address=192.168.1.1", "gateway.mac=44:fe:3b:01:02:03", "dhcp.domain=lan"],
        &["http.header:/:server=lighttpd", "gateway.address=192.168.1.254"],
        &["ssdp.server=MiniUPnPd/1.9", "gateway.address=192.168.86.1"],
        &["http.title:/=Login"],
        &["gateway.name=my-fritz.box.example"],
    ];
    for facts in rows {
        assert_eq!(best(facts), None, "{facts:?}");
    }
}

#[test]
fn does_not_identify_the_hub_that_has_its_own_plugin() {
    let facts = [
        "/cgi/cgi_owl.js=var owl_tplg=[{device_name:'Smart%20Hub%202',model_name:'SmartHub2'}];",
        "/nonAuth/wan_conn.xml=<wan_conn/>",
        "/cgi/cgi_myNetwork.js=known_device_list=[null]",
        "gateway.name=bthub.home",
        "gateway.address=192.168.1.254",
    ];
    assert_eq!(best(&facts), None);
}

#[test]
fn two_matching_routers_share_the_confidence() {
    let answers = ask(&["http.title:/=FRITZ!Box", "ssdp.manufacturer=MikroTik"]);
    let answers: Vec<_> =
        answers.iter().map(|answer| (answer.id.as_str(), answer.percent)).collect();
    assert_eq!(answers, [("fritzbox", 47), ("mikrotik", 47)], "and neither has a remedy");
}

/// The ids of what is offered.
fn offered(facts: &[&str]) -> Vec<String> {
    ask(facts).into_iter().filter(|answer| answer.is_remedy).map(|answer| answer.id).collect()
}

#[test]
fn settings_that_block_leases_come_first_and_isolation_never() {
    let rows: &[(&[&str], &[&str])] = &[
        (
            &["http.title:/=FRITZ!Box 7590"],
            &["fritzbox-mac-adressfilter", "fritzbox-duplicate-host-names"],
        ),
        (
            &["http.title:/=UniFi Network"],
            &["unifi-proxy-arp", "unifi-dhcp-guarding", "unifi-mac-address-filter"],
        ),
        (
            &["/=BT Hub 6A"],
            &[
                "bt-smart-hub-1-mac-filtering",
                "bt-smart-hub-1-smart-setup",
                "bt-smart-hub-1-wireless-mode",
            ],
        ),
        (&["ssdp.manufacturer=NETGEAR"], &[]),
        (&["ssdp.manufacturer=ASUSTeK"], &["asus-wireless-mac-filter"]),
        // Too unsure which router it is.
        (&["ssdp.manufacturer=TP-Link"], &[]),
    ];
    for (facts, expected) in rows {
        assert_eq!(offered(facts), *expected, "{facts:?}");
    }
}

#[test]
fn the_wording_shows_how_well_a_fact_is_known() {
    let answers = ask(&["http.title:/=UniFi Network", "gateway.address=192.168.1.1"]);
    let remedy = answers.iter().find(|answer| answer.id == "unifi-dhcp-guarding").unwrap();
    assert_eq!(
        remedy.title,
        "UniFi gateway / AP: “DHCP Guarding” may drop the OFFERs of every server that is not listed"
    );
    assert!(remedy.because[0].starts_with("unconfirmed: "), "{:?}", remedy.because);
    assert!(remedy.steps[1].ends_with("(http://192.168.1.1)."), "{:?}", remedy.steps);
    assert!(remedy.percent < 50, "a setting that nobody has measured");
    let answers = ask(&["http.title:/=FRITZ!Box"]);
    assert!(answers[1].title.contains("is reported to let in only"), "{}", answers[1].title);
    for step in answers.iter().flat_map(|answer| &answer.steps) {
        assert!(step.len() <= 300, "cut by the host: {step}");
    }
}

/// A page of the longest kind takes tens of milliseconds unoptimised; a second pass for each of
/// its bytes would take minutes.
const LINEAR: Duration = Duration::from_secs(30);

#[test]
fn hostile_pages_take_linear_time_and_identify_nothing() {
    let filled = |piece: &str| piece.repeat((256 << 10) / piece.len());
    let pages = [
        filled("%"),
        filled("%4"),
        filled("%ff"),
        filled("\u{1b}[2J\0"),
        filled("-ee-ee"),
        filled("BT Hub 6BT Hub 6"),
        filled("aBT Hub 6Aa"),
        filled("İ"),
        filled("<<<<"),
    ];
    let paths = ["/", "/gui/", "/cgi/cgi_owl.js", "/cgi/cgi_helpdesk.js", "/api_version"];
    for page in pages {
        let mut facts: Vec<String> = paths.map(|path| format!("{path}={page}")).to_vec();
        for key in
            ["http.title:/", "ssdp.manufacturer", "gateway.name", "gateway.mac", "dhcp.domain"]
        {
            facts.push(format!("{key}={page}"));
        }
        let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
        let began = Instant::now();
        let answers = ask(&facts);
        assert!(began.elapsed() < LINEAR, "{:?}", began.elapsed());
        assert!(answers.is_empty(), "{:.40}: {}", page, answers[0].id);
    }
}
