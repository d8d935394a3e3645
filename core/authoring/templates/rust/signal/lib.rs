//! A signal: it reports what one source says of the VMs' addresses.
//!
//! This one looks up the VMs' names in `/etc/hosts`. Replace the source by your own.

use std::{io::Read as _, net::IpAddr};

use serde::Deserialize;
use vmkit_plugin::{Cx, Error, Kind, Observation, Plugin, Result, Signal, Subject};

/// The source.
const HOSTS: &str = "/etc/hosts";
/// Most bytes that are read of it.
const LONGEST: u64 = 1 << 20;

/// What a user can configure, in `[plugins.{{name}}]` of the configuration file. `plugin.json` describes
/// the same in `config_schema`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    domain: String,
}

/// The plugin.
pub struct {{type}}(Config);

impl Plugin for {{type}} {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        Ok(Self(config))
    }
}

impl Signal for {{type}} {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        let text = read(cx)?;
        for (index, vm) in vms.iter().enumerate() {
            cx.check()?; // an error once the host has cancelled the call or its time is over
            // No file is nothing to look at, which is not the same as "no address".
            let Some(text) = &text else {
                cx.emit(Observation::nothing_to_look_at(
                    index,
                    format!("there is no {HOSTS}"),
                ))?;
                continue;
            };
            for address in self.addresses(text, &vm.name) {
                let says = format!("{HOSTS} has {address} for {}", vm.name);
                cx.emit(Observation::new(index, Kind::DnsAddress, says).at(address))?;
            }
        }
        Ok(())
    }
}

impl {{type}} {
    /// The addresses that the text has for this name.
    fn addresses(&self, text: &str, name: &str) -> Vec<IpAddr> {
        let full = format!("{name}.{}", self.0.domain);
        let lines = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default());
        let of_name = lines.filter_map(|line| {
            let mut words = line.split_whitespace();
            let address: IpAddr = words.next()?.parse().ok()?;
            words
                .any(|word| word == name || word == full)
                .then_some(address)
        });
        of_name.collect()
    }
}

/// The file as text; `None` where there is none. The host opens it, because the manifest declares it.
fn read(cx: &Cx<'_>) -> Result<Option<String>> {
    let Some(file) = cx.open_file(HOSTS)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.take(LONGEST)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io(&format!("read {HOSTS}"), &error))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = {{type}});
