//! The configurations, leases and logs of DHCP servers.

#![cfg_attr(fuzzing, no_main)]

use std::hint::black_box;

use vmkit_servers::{Files, Program, Sources};
use vmkit_types::Reading;

/// Every file has this text.
struct Same<'a>(&'a str);

impl Files for Same<'_> {
    fn text(&self, _: &str) -> Reading<String> {
        Reading::Known(self.0.to_owned())
    }

    fn end(&self, _: &str) -> Reading<String> {
        Reading::Known(self.0.to_owned())
    }

    fn names(&self, _: &str) -> Reading<Vec<String>> {
        Reading::Absent
    }
}

fn read(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in ["dnsmasq -C /a -l /b", "kea-dhcp4 -c /a", "dhcpd -cf /a -lf /b"] {
        let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let Some(program) = Program::of(&arguments) else { continue };
        let messages = Reading::Known(text.to_string());
        let files = &Same(&text);
        let sources = Sources { program, arguments: &arguments, files, messages, now: 1 };
        black_box(vmkit_servers::read(&sources));
    }
}

vmkit_fuzz::target!();
