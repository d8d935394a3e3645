//! Which pages are asked for: those of a reviewed list, and what the user allows.
//!
//! A router may act on a GET, so that a plugin that chooses paths could restart it or change a setting.

use serde::Deserialize;
use vmkit_types::is_page_path;

use crate::PageRequest;

/// The reviewed list.
const LIST: &str = include_str!("../pages.toml");
/// Most pages of one run: four times as many as the built-in plugins declare.
const MOST_PAGES: usize = 48;

/// A page of the reviewed list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    path: String,
    referer: Option<String>,
    #[serde(rename = "routers")]
    _routers: String,
    #[serde(rename = "why")]
    _why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    page: Vec<Reviewed>,
}

/// A page that a plugin declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredPage {
    /// Id of the plugin.
    pub plugin: String,
    /// Path from the `/` on.
    pub path: String,
    /// Path of the page that it wants named as the referrer.
    pub referer: Option<String>,
}

impl DeclaredPage {
    /// Whether the gateway is asked for it, in one sentence. `allowed`: the user allows it.
    pub fn in_words(&self, allowed: bool) -> String {
        let Self { plugin, path, referer } = self;
        let referer =
            referer.as_ref().map_or_else(String::new, |it| format!(" with referrer {it}"));
        if is_reviewed(path) {
            format!("asks the gateway for {path}, through the host")
        } else if allowed {
            format!("asks the gateway for {path}{referer}, through the host: you allow it")
        } else {
            format!(
                "does not get {path}{referer} of the gateway, which nobody has reviewed. To allow it, \
                 add to [gateway_pages] in the configuration: {plugin} = [\"{path}\"]"
            )
        }
    }
}

/// Whether this page is on the reviewed list.
pub fn is_reviewed(path: &str) -> bool {
    reviewed().iter().any(|page| page.path == path)
}

/// The requests for the declared pages, each page once: reviewed pages with the referrer of the list, and
/// those that the user allows for their plugin with the plugin's. All others are not asked for.
pub fn requests(
    declared: &[DeclaredPage],
    is_allowed: impl Fn(&DeclaredPage) -> bool,
) -> Vec<PageRequest> {
    let reviewed = reviewed();
    let mut requests: Vec<PageRequest> = Vec::new();
    for page in declared {
        let request = match reviewed.iter().find(|known| known.path == page.path) {
            Some(known) => PageRequest::new(&known.path, known.referer.as_deref()),
            None if is_allowed(page) => PageRequest::new(&page.path, page.referer.as_deref()),
            None => None,
        };
        let is_new =
            |request: &PageRequest| requests.iter().all(|known| known.path != request.path);
        if let Some(request) = request.filter(is_new)
            && requests.len() < MOST_PAGES
        {
            requests.push(request);
        }
    }
    requests
}

/// The list; empty if it is malformed, which a test excludes.
fn reviewed() -> Vec<Reviewed> {
    let list = toml::from_str(LIST).map(|list: List| list.page);
    let plain = |page: &Reviewed| {
        is_page_path(&page.path) && page.referer.as_deref().is_none_or(is_page_path)
    };
    list.unwrap_or_default().into_iter().filter(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(plugin: &str, path: &str, referer: Option<&str>) -> DeclaredPage {
        let referer = referer.map(ToOwned::to_owned);
        DeclaredPage { plugin: plugin.to_owned(), path: path.to_owned(), referer }
    }

    /// What is declared, what the user allows, and what is asked for.
    type Row<'a> = (&'a [DeclaredPage], &'a [(&'a str, &'a str)], &'a [&'a str]);

    /// What is asked for, each as the path and its referrer.
    fn asked(declared: &[DeclaredPage], allowed: &[(&str, &str)]) -> Vec<String> {
        let is_allowed =
            |page: &DeclaredPage| allowed.contains(&(page.plugin.as_str(), page.path.as_str()));
        let requests = requests(declared, is_allowed);
        let text = |page: &PageRequest| format!("{} {:?}", page.path, page.referer);
        requests.iter().map(text).collect()
    }

    #[test]
    fn every_entry_of_the_list_can_be_requested() {
        let entries = LIST.matches("[[page]]").count();
        assert_eq!(reviewed().len(), entries);
        assert!(entries > 0 && reviewed().iter().all(|page| is_reviewed(&page.path)));
    }

    #[test]
    fn asks_for_reviewed_and_allowed_pages_only() {
        let reboot = page("hub", "/reboot.htm", Some("/home.htm"));
        let of_other = page("other", "/reboot.htm", None);
        let owl = page("hub", "/cgi/cgi_owl.js", Some("/reboot.htm"));
        let root = page("hub", "/", None);
        let odd = page("hub", "/a?reboot=1", None);
        let rows: [Row<'_>; 6] = [
            (&[root.clone(), root.clone()], &[], &["/ None"]),
            // The referrer is that of the list.
            (&[owl], &[], &["/cgi/cgi_owl.js Some(\"/basic_-_my_devices.htm\")"]),
            (&[reboot.clone(), root], &[], &["/ None"]),
            (
                std::slice::from_ref(&reboot),
                &[("hub", "/reboot.htm")],
                &["/reboot.htm Some(\"/home.htm\")"],
            ),
            (
                &[of_other, reboot.clone()],
                &[("hub", "/reboot.htm")],
                &["/reboot.htm Some(\"/home.htm\")"],
            ),
            // Even where the user allows it.
            (&[odd], &[("hub", "/a?reboot=1")], &[]),
        ];
        for (declared, allowed, expected) in rows {
            assert_eq!(asked(declared, allowed), expected, "{declared:?}");
        }
    }

    #[test]
    fn says_which_pages_are_not_requested_and_how_to_allow_them() {
        let rows = [
            (page("hub", "/", None), false, "asks the gateway for /, through the host"),
            (
                page("hub", "/reboot.htm", None),
                false,
                "does not get /reboot.htm of the gateway, which nobody has reviewed. To allow it, add \
                 to [gateway_pages] in the configuration: hub = [\"/reboot.htm\"]",
            ),
            (
                page("hub", "/reboot.htm", Some("/home.htm")),
                true,
                "asks the gateway for /reboot.htm with referrer /home.htm, through the host: you \
                 allow it",
            ),
        ];
        for (page, allowed, expected) in rows {
            assert_eq!(page.in_words(allowed), expected);
        }
    }

    #[test]
    fn asks_for_a_limited_number_of_pages() {
        let many: Vec<_> = (0..500).map(|n| page("hub", &format!("/{n}"), None)).collect();
        assert_eq!(requests(&many, |_| true).len(), MOST_PAGES);
    }
}
