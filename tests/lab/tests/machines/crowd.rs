//! Many machines at once.

use std::{collections::BTreeSet, thread};

use vmkit_lab::Image;

use crate::site::{Site, until};

#[test]
fn twenty_machines_started_at_once_have_nothing_in_common() {
    let Some(site) = Site::new("machine-crowd", Image::Small, "128") else { return };
    let names: Vec<String> = (0..20).map(|number| format!("m{number}")).collect();
    thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| site.create(name));
        }
    });
    let options = ["--net", "bridged", "--bridge", "br0", "--yes", "--no-wait"];
    thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| {
                site.well(&[&["start", name], &options[..]].concat());
                // Twenty boots would take the processors of other tests for minutes.
                site.well(&["pause", name]);
            });
        }
    });
    let processes: BTreeSet<_> = names.iter().map(|name| site.process(name)).collect();
    let ports: BTreeSet<_> = site.ports().into_iter().collect();
    let macs: BTreeSet<_> = names.iter().map(|name| site.mac(name).octets()).collect();
    assert_eq!((processes.len(), ports.len(), macs.len()), (20, 20, 20));

    // One boots after the other, and holds its lease while it is paused. All would take minutes.
    let some = &names[..5];
    let addresses: BTreeSet<_> = some.iter().map(|name| site.resumed_address(name)).collect();
    assert_eq!(addresses.len(), some.len(), "{addresses:?}");
}

impl Site {
    /// The address that a paused machine gets once it runs on. It is paused again.
    fn resumed_address(&self, name: &str) -> String {
        self.well(&["resume", name]);
        let mut address = None;
        until("an address", || {
            address = self.status(name)["ip"].as_str().map(str::to_owned);
            address.as_ref().is_some_and(|address| address.starts_with("192.168.77."))
        });
        self.well(&["pause", name]);
        address.unwrap_or_default()
    }
}
