//! The gateway's pages: nothing remains but what recognises a router and its list of devices.

use serde_json::{Map, Value, json};

use super::{stand_ins::StandIns, text};

/// Texts of pages by which routers are recognised (`plugins/advice-routers/data/routers.toml`). They name
/// products.
const MARKS: [&str; 17] = [
    "BT Hub 6A",
    "Home Hub 60 Type A",
    "EE Smart Hub",
    "EEH001",
    "-EE'",
    "-PN'",
    "Plusnet",
    "HomeHub6DX",
    "wan_conn",
    "sysuptime",
    "\"cablemodem\"",
    "\"api_base_url\"",
    "\"groupRole\"",
    "\"modelId\"",
    "devices.ha",
    "BGW320",
    "cgi-bin/luci",
];
/// Headers that name a product or say where a page is.
const HEADERS: [&str; 4] = ["server", "content-type", "location", "www-authenticate"];
/// The lists of BT's hubs, and the fields of them that are read.
const LISTS: [(&str, &[&str]); 2] = [
    (
        "known_device_list",
        &["mac", "hostname", "ip", "name", "activity", "time_first_seen", "time_last_active"],
    ),
    (
        "owl_tplg",
        &["sw_ver", "device_name", "device_ip", "model_name", "product_id", "connected_role"],
    ),
];
/// Elements of a UPnP description that name a product.
const ELEMENTS: [&str; 4] = ["friendlyName", "manufacturer", "modelName", "modelNumber"];

/// `http.json`: the pages without anything else.
pub(super) fn pages(bytes: &[u8], stand_ins: &mut StandIns<'_>) -> Vec<u8> {
    let pages: Vec<Value> = serde_json::from_slice(bytes).unwrap_or_default();
    let pages: Vec<Value> = pages.iter().map(|each| page(each, stand_ins)).collect();
    // Serialising values cannot fail.
    serde_json::to_vec_pretty(&pages).unwrap_or_default()
}

fn page(page: &Value, stand_ins: &mut StandIns<'_>) -> Value {
    let text_of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut headers = Map::new();
    for (name, value) in page["headers"].as_object().into_iter().flatten() {
        if HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            let value = text::redact_str(&text_of(value), stand_ins);
            headers.insert(name.to_ascii_lowercase(), Value::from(value));
        }
    }
    json!({
        "url": text::redact_str(&text_of(&page["url"]), stand_ins),
        "status": page["status"].as_u64(),
        "headers": headers,
        "body": body(&text_of(&page["body"]), stand_ins),
    })
}

fn body(body: &str, stand_ins: &mut StandIns<'_>) -> String {
    let mut parts = Vec::new();
    if let Some(title) = element(body, "title") {
        parts.push(format!("<title>{}</title>", text::redact_str(title, stand_ins)));
    }
    for (name, fields) in LISTS {
        if let Some(list) = list(body, name, fields, stand_ins) {
            parts.push(list);
        }
    }
    let decoded = body.replace("%20", " ").replace("%2D", "-");
    let found = MARKS.into_iter().filter(|mark| decoded.contains(mark));
    parts.extend(found.map(str::to_owned));
    parts.join("\n")
}

/// The content of the first element of this name.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("<{name}>"))?;
    Some(after.split_once(&format!("</{name}>"))?.0)
}

/// A list of a hub, `var NAME=[{key:'percent%20encoded',…},null];`, with these fields alone.
fn list(body: &str, name: &str, fields: &[&str], stand_ins: &mut StandIns<'_>) -> Option<String> {
    let (_, after) = body.split_once(&format!("{name}="))?;
    let mut out = vec![format!("var {name}=[")];
    let rows = after.split_once(']').map_or(after, |(rows, _)| rows);
    for row in rows.split('{').skip(1) {
        let row = row.split_once('}').map_or(row, |(row, _)| row);
        let kept = fields.iter().map(|field| {
            let value = field_of(row, field).unwrap_or_default();
            format!("{field}:'{}'", encoded(&text::redact_str(value, stand_ins)))
        });
        let kept: Vec<String> = kept.collect();
        out.push(format!("{{{}}},", kept.join(",")));
    }
    out.push("null];".to_owned());
    Some(out.join("\n"))
}

/// The value of a field of a row. Values are percent-encoded, so a quote ends them.
fn field_of<'a>(row: &'a str, field: &str) -> Option<&'a str> {
    let start = format!("{field}:'");
    let place = row.match_indices(&start).map(|(place, _)| place).find(|place| {
        row[..*place]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric() && before != '_')
    })?;
    Some(row[place + start.len()..].split('\'').next().unwrap_or_default())
}

fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// `ssdp.xml`: the elements that name a product.
pub(super) fn description(bytes: &[u8], stand_ins: &mut StandIns<'_>) -> Vec<u8> {
    let description = String::from_utf8_lossy(bytes);
    let kept = ELEMENTS.into_iter().filter_map(|name| {
        let content = text::redact_str(element(&description, name)?, stand_ins);
        Some(format!("<{name}>{content}</{name}>\n"))
    });
    format!("<root><device>\n{}</device></root>\n", kept.collect::<String>()).into_bytes()
}
