//! The configuration file.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use vmkit_types::InterfaceKind;

/// The configuration of the whole computer.
const SYSTEM: &str = "/etc/vmkit/config.toml";
/// Largest configuration file in bytes.
const LIMIT: u64 = 1 << 20;

/// What a configuration file can say. A later file adds to an earlier one and wins over it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The vm-toolkit data directory.
    pub data_dir: Option<PathBuf>,
    /// Where vmkit remembers what it has seen, in place of the customary directory.
    pub state_dir: Option<PathBuf>,
    /// Further directories of plugins.
    pub plugin_directories: Vec<PathBuf>,
    /// Causes that the doctor counts as no problem, each as `VM:CODE` or `*:CODE`.
    pub ignore: Vec<String>,
    /// Pages of the gateway that plugins may have asked for beside the reviewed ones, by id.
    gateway_pages: BTreeMap<String, Vec<String>>,
    /// What is known of interfaces that hide it.
    interfaces: BTreeMap<String, InterfaceConfig>,
    /// About plugins.
    plugins: PluginsConfig,
}

/// The table `plugins`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PluginsConfig {
    /// Where the index of plugins is.
    index: Option<String>,
    /// Configurations of plugins, by id.
    #[serde(flatten)]
    tables: BTreeMap<String, toml::Table>,
}

#[derive(Clone, Debug, Deserialize)]
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
    ///
    /// # Errors
    /// A file is missing that was named, cannot be read, or says something that means nothing.
    pub fn read(named: Option<&Path>, user_home: Option<&Path>) -> Result<Self, ConfigError> {
        let mut config = Self::file(Path::new(SYSTEM))?.unwrap_or_default();
        let own = match (named, user_home) {
            (Some(path), _) => {
                let file = Self::file(path)?;
                Some(file.ok_or_else(|| ConfigError::Missing(path.to_owned()))?)
            }
            (None, Some(home)) => Self::file(&home.join(".config/vmkit/config.toml"))?,
            (None, None) => None,
        };
        if let Some(own) = own {
            config.data_dir = own.data_dir.or(config.data_dir);
            config.state_dir = own.state_dir.or(config.state_dir);
            config.plugin_directories.extend(own.plugin_directories);
            config.ignore.extend(own.ignore);
            config.gateway_pages.extend(own.gateway_pages);
            config.interfaces.extend(own.interfaces);
            config.plugins.index = own.plugins.index.or(config.plugins.index);
            config.plugins.tables.extend(own.plugins.tables);
        }
        Ok(config)
    }

    /// One file; `None`: it does not exist.
    fn file(path: &Path) -> Result<Option<Self>, ConfigError> {
        let unusable = |why: Fault| ConfigError::Unusable { path: path.to_owned(), source: why };
        let status = match fs::metadata(path) {
            Ok(status) => status,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(Fault::Unreadable(error))),
        };
        if !status.is_file() || status.len() > LIMIT {
            return Err(unusable(Fault::NoPlainFile));
        }
        let text = fs::read_to_string(path).map_err(|error| unusable(Fault::Unreadable(error)))?;
        toml::from_str(&text).map(Some).map_err(|error| unusable(Fault::Malformed(error)))
    }

    /// Where the index of plugins is: a path, or the address of a git repository.
    pub fn plugin_index(&self) -> Option<&str> {
        self.plugins.index.as_deref()
    }

    /// Whether the user allows that this page of the gateway is asked for on behalf of the plugin.
    pub(crate) fn allows_page(&self, plugin: &str, path: &str) -> bool {
        let pages = self.gateway_pages.get(plugin);
        pages.is_some_and(|pages| pages.iter().any(|page| page == path))
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

    /// The plugins' configurations as JSON text, by id of the plugin.
    ///
    /// # Errors
    /// A value that JSON cannot hold.
    pub(crate) fn plugin_configurations(&self) -> Result<HashMap<String, String>, ConfigError> {
        let as_json = |(id, table): (&String, &toml::Table)| {
            let text = vmkit_wire::configuration(table)
                .map_err(|source| ConfigError::Plugin { id: id.clone(), source })?;
            Ok((id.clone(), text))
        };
        self.plugins.tables.iter().map(as_json).collect()
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was named does not exist.
    #[error("there is no configuration file {}", .0.display())]
    Missing(PathBuf),
    /// A file cannot be read or says something that means nothing.
    #[error("cannot read the configuration {}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Fault,
    },
    /// The table of a plugin cannot be handed over.
    #[error("configuration of the plugin `{id}`")]
    Plugin {
        /// The plugin.
        id: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// What is wrong with a configuration file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The system says why it cannot be read.
    #[error(transparent)]
    Unreadable(io::Error),
    /// It is a directory, a device, or larger than any configuration.
    #[error("not a regular file of at most 1 MiB")]
    NoPlainFile,
    /// It is no TOML, or a word in it means nothing.
    #[error("{}", in_one_line(.0))]
    Malformed(toml::de::Error),
}

/// Where it is wrong and what, without the picture of the line.
fn in_one_line(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let place = text.lines().next().filter(|line| line.starts_with("TOML parse error at "));
    match place {
        Some(place) => format!("{place}: {}", error.message()),
        None => error.message().to_owned(),
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
        assert!(!config.allows_page("ssh", "/"));
        assert_eq!(config.plugin_index(), None);
        let indexed: Config =
            toml::from_str("[plugins]\nindex = \"/srv/index\"\n[plugins.ssh]\ntimeout_ms = 1\n")
                .unwrap();
        assert_eq!(indexed.plugin_index(), Some("/srv/index"));
        assert_eq!(indexed.plugin_configurations().unwrap()["ssh"], r#"{"timeout_ms":1}"#);
        let pages: Config = toml::from_str("[gateway_pages]\nhub = [\"/status.js\"]").unwrap();
        let allowed = ["/status.js", "/status", "/"].map(|path| pages.allows_page("hub", path));
        assert_eq!(allowed, [true, false, false]);
        assert!(!pages.allows_page("other", "/status.js"));
        assert_eq!(config.plugin_configurations().unwrap()["ssh"], r#"{"timeout_ms":400}"#);
        assert_eq!(config.interface_kind("en0"), Some(InterfaceKind::Wifi));
        assert_eq!(config.interface_kind("en1"), None);
    }

    #[test]
    fn a_word_that_means_nothing_is_an_error() {
        let error = toml::from_str::<Config>("datadir = \"/vms\"").unwrap_err();
        let says = Fault::Malformed(error).to_string();
        assert!(
            says.starts_with("TOML parse error at line 1, column 1: unknown field `datadir`"),
            "{says}"
        );
        assert!(!says.contains('\n'), "{says}");
        assert!(toml::from_str::<Config>("[interfaces.en0]\nkind = \"wi-fi\"").is_err());
    }
}
