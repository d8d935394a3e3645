//! The configuration file.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Deserialize;
use vmkit_types::InterfaceKind;

use crate::exit::Failure;

/// The configuration of the whole computer.
const SYSTEM: &str = "/etc/vmkit/config.toml";
/// Largest configuration file in bytes.
const LIMIT: u64 = 1 << 20;

/// What a configuration file can say. A later file adds to an earlier one and wins over it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The vm-toolkit data directory.
    pub(crate) data_dir: Option<PathBuf>,
    /// Where vmkit remembers what it has seen, in place of the customary directory.
    pub(crate) state_dir: Option<PathBuf>,
    /// Further directories of plugins.
    pub(crate) plugin_directories: Vec<PathBuf>,
    /// What is known of interfaces that hide it.
    interfaces: BTreeMap<String, InterfaceConfig>,
    /// Configurations of plugins, by id.
    plugins: BTreeMap<String, toml::Table>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InterfaceConfig {
    kind: Kind,
}

/// The kinds that an interface can be said to have.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Wifi,
    Ethernet,
    Bridge,
    Tap,
    Loopback,
    Vpn,
    Container,
    Unknown,
}

impl Config {
    /// The configuration of the computer, then that of the user or the file that was named.
    pub(crate) fn read(named: Option<&Path>, user_home: Option<&Path>) -> anyhow::Result<Self> {
        let mut config = Self::file(Path::new(SYSTEM))?.unwrap_or_default();
        let own = match (named, user_home) {
            (Some(path), _) => Some(Self::file(path)?.ok_or_else(|| {
                Failure::new(format!("there is no configuration file {}", path.display()))
            })?),
            (None, Some(home)) => Self::file(&home.join(".config/vmkit/config.toml"))?,
            (None, None) => None,
        };
        if let Some(own) = own {
            config.data_dir = own.data_dir.or(config.data_dir);
            config.state_dir = own.state_dir.or(config.state_dir);
            config.plugin_directories.extend(own.plugin_directories);
            config.interfaces.extend(own.interfaces);
            config.plugins.extend(own.plugins);
        }
        Ok(config)
    }

    /// One file; `None` where there is none.
    fn file(path: &Path) -> anyhow::Result<Option<Self>> {
        let reading = || format!("cannot read the configuration {}", path.display());
        let status = match fs::metadata(path) {
            Ok(status) => status,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(reading),
        };
        if !status.is_file() || status.len() > LIMIT {
            return Err(Failure::new("not a regular file of at most 1 MiB")).with_context(reading);
        }
        let text = fs::read_to_string(path).with_context(reading)?;
        toml::from_str(&text).with_context(reading).map(Some)
    }

    /// What the configuration says an interface is.
    pub(crate) fn interface_kind(&self, name: &str) -> Option<InterfaceKind> {
        self.interfaces.get(name).map(|interface| match interface.kind {
            Kind::Wifi => InterfaceKind::Wifi,
            Kind::Ethernet => InterfaceKind::Ethernet,
            Kind::Bridge => InterfaceKind::Bridge,
            Kind::Tap => InterfaceKind::Tap,
            Kind::Loopback => InterfaceKind::Loopback,
            Kind::Vpn => InterfaceKind::Vpn,
            Kind::Container => InterfaceKind::Container,
            Kind::Unknown => InterfaceKind::Unknown,
        })
    }

    /// The plugins' configurations as they are handed to them, by id.
    pub(crate) fn plugin_configurations(&self) -> anyhow::Result<HashMap<String, String>> {
        self.plugins
            .iter()
            .map(|(id, table)| {
                let text = vmkit_wire::configuration(table)
                    .with_context(|| format!("configuration of the plugin `{id}`"))?;
                Ok((id.clone(), text))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_get_their_tables_as_json() {
        let config: Config =
            toml::from_str("[plugins.ssh]\ntimeout_ms = 400\n[interfaces.en0]\nkind = \"wifi\"\n")
                .unwrap();
        assert_eq!(config.plugin_configurations().unwrap()["ssh"], r#"{"timeout_ms":400}"#);
        assert_eq!(config.interface_kind("en0"), Some(InterfaceKind::Wifi));
        assert_eq!(config.interface_kind("en1"), None);
    }

    #[test]
    fn a_word_that_means_nothing_is_an_error() {
        assert!(toml::from_str::<Config>("datadir = \"/vms\"").is_err());
        assert!(toml::from_str::<Config>("[interfaces.en0]\nkind = \"wi-fi\"").is_err());
    }
}
