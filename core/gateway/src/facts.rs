//! The gateway's replies as the facts that advice plugins read: names and values.

use std::net::IpAddr;

use vmkit_types::{Fact, Mac};

use crate::{GatewayReplies, Page, ssdp};

/// The facts in the replies: `gateway.address`, `gateway.mac`, `gateway.name`,
/// `http.status:PATH`, `http.header:PATH:NAME`, `http.title:PATH`, `http.body:PATH`,
/// `ssdp.server`, `ssdp.description`, `ssdp.friendly-name`, `ssdp.manufacturer`, `ssdp.model-name`,
/// `ssdp.model-number`, `ssdp.model-description`.
pub fn facts(gateway: IpAddr, mac: Option<Mac>, replies: &GatewayReplies) -> Vec<Fact> {
    let mut facts = vec![fact("gateway.address", gateway.to_string())];
    facts.extend(mac.map(|mac| fact("gateway.mac", mac.to_string())));
    facts.extend(replies.names.iter().map(|name| fact("gateway.name", name.clone())));
    for page in &replies.pages {
        add_page(page, &mut facts);
    }
    if let Some(description) = &replies.description {
        let elements = [
            ("ssdp.friendly-name", "friendlyName"),
            ("ssdp.manufacturer", "manufacturer"),
            ("ssdp.model-name", "modelName"),
            ("ssdp.model-number", "modelNumber"),
            ("ssdp.model-description", "modelDescription"),
        ];
        for (key, element) in elements {
            facts.extend(text_of(description, element).map(|text| fact(key, text)));
        }
        facts.push(fact("ssdp.description", description.clone()));
    }
    facts
}

fn fact(key: &str, value: String) -> Fact {
    Fact { key: key.to_owned(), value }
}

fn add_page(page: &Page, facts: &mut Vec<Fact>) {
    let Some(response) = &page.response else { return };
    if page.url.starts_with(ssdp::SCHEME) {
        let server = response.headers.get("server");
        facts.extend(server.map(|server| fact("ssdp.server", server.clone())));
        return;
    }
    let rest = page.url.split_once("://").map_or(page.url.as_str(), |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    facts.push(fact(&format!("http.status:{path}"), response.status.to_string()));
    for (name, value) in &response.headers {
        let key = format!("http.header:{path}:{}", name.to_ascii_lowercase());
        facts.push(fact(&key, value.clone()));
    }
    let title = text_of(&response.body, "title");
    facts.extend(title.map(|title| fact(&format!("http.title:{path}"), title)));
    if !response.body.is_empty() {
        facts.push(fact(&format!("http.body:{path}"), response.body.clone()));
    }
}

/// The text of the first element of this name.
fn text_of(document: &str, element: &str) -> Option<String> {
    let opening = find_tag(document, element)?;
    let text = &document[opening..];
    let text = &text[..text.find('<')?];
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| vmkit_types::bounded(&text, 200).to_owned())
}

/// Where the text after `<element …>` begins.
fn find_tag(document: &str, element: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = document[from..].find('<') {
        let start = from + at + 1;
        let rest = &document[start..];
        let named = rest.get(..element.len()).is_some_and(|n| n.eq_ignore_ascii_case(element));
        let after = rest.get(element.len()..).and_then(|rest| rest.chars().next());
        if named && after.is_some_and(|c| c == '>' || c.is_ascii_whitespace()) {
            return rest.find('>').map(|end| start + end + 1);
        }
        from = start;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Response;

    #[test]
    fn pages_and_descriptions_become_facts() {
        let body = "<html><head><TITLE lang=\"en\">\n BT  Hub Manager</title>".to_owned();
        let headers = BTreeMap::from([("Server".to_owned(), "httpd".to_owned())]);
        let replies = GatewayReplies {
            pages: vec![
                Page {
                    url: "http://192.168.1.254/".to_owned(),
                    response: Some(Response { status: 200, headers, body }),
                },
                Page { url: "http://192.168.1.254/gone".to_owned(), response: None },
                Page {
                    url: "httpu://192.168.1.254:1900/".to_owned(),
                    response: Some(Response {
                        status: 200,
                        headers: [("server".to_owned(), "Linux UPnP/1.0".to_owned())].into(),
                        body: String::new(),
                    }),
                },
            ],
            description: Some("<root><friendlyName>Hub</friendlyName><x".to_owned()),
            names: vec!["bthub.home".to_owned()],
        };
        let facts = facts([192, 168, 1, 254].into(), None, &replies);
        let facts: Vec<_> = facts.iter().map(|f| format!("{}={}", f.key, f.value)).collect();
        assert_eq!(
            facts[..5],
            [
                "gateway.address=192.168.1.254",
                "gateway.name=bthub.home",
                "http.status:/=200",
                "http.header:/:server=httpd",
                "http.title:/=BT Hub Manager",
            ]
        );
        assert!(facts.contains(&"ssdp.server=Linux UPnP/1.0".to_owned()));
        assert!(facts.contains(&"ssdp.friendly-name=Hub".to_owned()));
    }
}
