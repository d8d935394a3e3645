//! Whether the gateway is a BT Smart Hub 2, with the confidence and the reasons.

use vmkit_plugin::escaped;

use crate::{known::Known, script::Row};

/// Upper limit of the confidence: a device describes itself.
const SUREST: f64 = 0.99;
/// Upper limit by hints alone: sibling hubs share all of them.
const MOST_BY_HINTS: f64 = 0.45;
/// Below this confidence it is not reported.
const LEAST: f64 = 0.25;

// The confidence by one clue alone. The hub describes itself so in public captures of its pages (jxwolstenholme/btsmarthub_devicelist, hamishcoleman/monitor_bt_smarthub):
const MODEL: f64 = 0.96;
const PRODUCT: f64 = 0.8;
const HELP_DESK: f64 = 0.85;
// Owners can change this name.
const SHOWN_NAME: f64 = 0.6;
// A LAN name in a test of another project; no public capture has the hub's own description.
const UPNP: f64 = 0.5;
// Hints. EE's and Plusnet's hubs have the same device list.
const DEVICE_LIST: f64 = 0.3;
const NEWER_NAME: f64 = 0.25;
// Earlier hubs of BT have these names as well.
const OLDER_NAME: f64 = 0.15;
// The MAC identifies the maker of the board, who also makes other hubs.
const MAKER: f64 = 0.1;
// Ten other routers have the same default address.
const ADDRESS: f64 = 0.03;

/// OUIs that were seen on this hub; all are Arcadyan's.
const OUIS: [&str; 3] = ["44:fe:3b", "64:cc:22", "4c:1b:86"];
/// Suffixes of the firmware of EE's and Plusnet's hubs, and their names.
const OTHERS_FIRMWARE: [&str; 2] = ["-EE", "-PN"];
const OTHERS: [&str; 2] = ["EE Smart Hub", "Plusnet"];

/// The confidence that this is the hub, and the reasons, the strongest first.
#[derive(Debug, PartialEq)]
pub(crate) struct Identity {
    /// From 0 to 1.
    pub(crate) confidence: f64,
    /// In plain words.
    pub(crate) because: Vec<String>,
}

/// `None`: no clue points to it, or one points to another router.
pub(crate) fn identity(known: Known<'_>) -> Option<Identity> {
    let topology = known.topology();
    let hub = topology.as_ref().and_then(|topology| hub(&topology.rows, known));
    if is_another(hub, known) {
        return None;
    }
    let mut described = self_description(hub, known);
    described.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let hints = hints(known);
    let by_hints = together(&hints);
    let confidence = if described.is_empty() {
        by_hints.min(MOST_BY_HINTS)
    } else {
        (1.0 - (1.0 - together(&described)) * (1.0 - by_hints)).min(SUREST)
    };
    let reportable = confidence >= LEAST;
    let because = described.into_iter().chain(hints).map(|(_, because)| because);
    reportable.then(|| Identity { confidence, because: because.collect() })
}

type Clues = Vec<(f64, String)>;

/// The confidence by independent clues together: wrong only if each of them is.
fn together(clues: &Clues) -> f64 {
    1.0 - clues.iter().map(|(sure, _)| 1.0 - sure).product::<f64>()
}

/// The row of the hub itself: Wi-Fi discs of its mesh have their own rows.
fn hub<'a>(rows: &'a [Row], known: Known<'_>) -> Option<&'a Row> {
    let gateway = known.gateway().map(|address| address.to_string());
    let own = |row: &&Row| row.get("device_ip").is_some_and(|ip| Some(ip) == gateway.as_deref());
    let main = |row: &&Row| row.get("connected_role").is_some_and(|role| role.ends_with("master"));
    rows.iter().find(own).or_else(|| rows.iter().find(main)).or_else(|| rows.first())
}

/// Whether the gateway says that it is another router. If it names its model, other texts do not
/// count: BT's pages may well mention EE.
fn is_another(hub: Option<&Row>, known: Known<'_>) -> bool {
    let of_hub = |name| hub.and_then(|hub| hub.get(name));
    let firmware = of_hub("sw_ver").unwrap_or_default();
    if OTHERS_FIRMWARE.iter().any(|suffix| firmware.ends_with(suffix)) {
        return true;
    }
    if let Some(model) = of_hub("model_name") {
        return !model.eq_ignore_ascii_case("SmartHub2");
    }
    let shown = known.all("http.title:/").chain(known.all("ssdp.friendly-name"));
    let mut texts = shown.chain(known.all("ssdp.manufacturer")).chain(known.help_desk());
    texts.any(|text| {
        let text = text.replace("%20", " ").replace("%2D", "-");
        let firmware = |suffix: &&str| text.contains(&format!("{suffix}'"));
        OTHERS.iter().any(|other| text.contains(other)) || OTHERS_FIRMWARE.iter().any(firmware)
    })
}

/// What the hub says about itself.
fn self_description(hub: Option<&Row>, known: Known<'_>) -> Clues {
    let of_hub = |name| hub.and_then(|hub| hub.get(name));
    let mut clues = Clues::new();
    if let Some(model) = of_hub("model_name") {
        clues.push((MODEL, format!("its page cgi_owl.js says model_name {}", escaped(model))));
    }
    if of_hub("product_id") == Some("55661") {
        clues.push((PRODUCT, "its page cgi_owl.js says product_id 55661".to_owned()));
    }
    if of_hub("device_name") == Some("Smart Hub 2") {
        clues.push((SHOWN_NAME, "its page cgi_owl.js says device_name Smart Hub 2".to_owned()));
    }
    if known.help_desk().is_some_and(|page| page.contains("HomeHub6DX")) {
        clues.push((HELP_DESK, "its help-desk page names the product HomeHub6DX".to_owned()));
    }
    if known.all("http.title:/").any(|title| title.contains("Smart Hub 2")) {
        clues.push((SHOWN_NAME, "its first page is titled Smart Hub 2".to_owned()));
    }
    let mut described = known.all("ssdp.friendly-name").chain(known.all("ssdp.model-name"));
    if described.any(|text| text.contains("HomeHub6DX")) {
        clues.push((UPNP, "its UPnP description says HomeHub6DX".to_owned()));
    }
    clues
}

fn hints(known: Known<'_>) -> Clues {
    let mut clues = Clues::new();
    if known.devices().is_some() {
        let list = "it has the device list of this family of hubs (EE's and Plusnet's among them)";
        clues.push((DEVICE_LIST, list.to_owned()));
    }
    let name = known.all("gateway.name").find_map(|name| {
        match name.trim_end_matches('.').to_ascii_lowercase().as_str() {
            "smarthub.home" => Some((NEWER_NAME, "smarthub.home")),
            "bthub.home" => Some((OLDER_NAME, "bthub.home")),
            "bthomehub.home" => Some((OLDER_NAME, "bthomehub.home")),
            _ => None,
        }
    });
    clues.extend(name.map(|(sure, name)| (sure, format!("it is named {name}"))));
    let maker = |mac: &str| OUIS.iter().any(|oui| mac.to_ascii_lowercase().starts_with(oui));
    if known.all("gateway.mac").any(maker) {
        clues.push((MAKER, "its MAC is one of Arcadyan, who makes it (and others)".to_owned()));
    }
    if known.all("gateway.address").any(|address| address == "192.168.1.254") {
        clues.push((ADDRESS, "192.168.1.254 is its address (and that of many others)".to_owned()));
    }
    clues
}
