//! The facts of a call, by name.

use std::net::IpAddr;

use vmkit_plugin::Fact;

use crate::script::{Array, array};

/// The hub's description of itself and its mesh.
const TOPOLOGY: &str = "/cgi/cgi_owl.js";
/// The hub's help-desk page.
const HELP_DESK: &str = "/cgi/cgi_helpdesk.js";
/// The hub's list of devices.
const DEVICES: &str = "/cgi/cgi_basicMyDevice.js";

/// The facts from the host.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a>(pub(crate) &'a [Fact]);

impl<'a> Known<'a> {
    /// All values of this name.
    pub(crate) fn all(self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |fact| fact.key == key).map(|fact| fact.value.as_str())
    }

    /// The gateway's address.
    pub(crate) fn gateway(self) -> Option<IpAddr> {
        self.all("gateway.address").find_map(|text| text.parse().ok())
    }

    /// The nodes of the hub's mesh, including the hub.
    pub(crate) fn topology(self) -> Option<Array> {
        array(self.page(TOPOLOGY)?, "owl_tplg")
    }

    /// The help-desk page.
    pub(crate) fn help_desk(self) -> Option<&'a str> {
        self.page(HELP_DESK)
    }

    /// The hub's device list. `None`: the hub did not deliver it.
    pub(crate) fn devices(self) -> Option<Array> {
        array(self.page(DEVICES)?, "known_device_list")
    }

    /// The body of a page that was delivered with status 200.
    fn page(self, path: &str) -> Option<&'a str> {
        let value = |key: String| {
            let fact = self.0.iter().find(move |fact| fact.key == key);
            fact.map(|fact| fact.value.as_str())
        };
        value(format!("http.status:{path}")).filter(|status| *status == "200")?;
        value(format!("http.body:{path}"))
    }
}
