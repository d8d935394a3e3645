//! Finds the data directory.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use vmkit_model::Problem;
use vmkit_platform::Invoker;
use vmkit_types::{Reading, Unread};

use crate::{file, shell};

/// Largest `~/.vm-toolkit-config` that is read. It has a few lines.
const CONFIGURATION_LIMIT: u64 = 64 * 1024;

/// The names of the settings, in the environment and in `~/.vm-toolkit-config`.
const DATA_DIRECTORY: &str = "VM_PROJECT_DIR";
const BASE_DIRECTORY: &str = "VM_BASE_DIR";
const REGISTRY: &str = "REGISTRY_FILE";

/// The paths of a vm-toolkit installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The data directory.
    pub data_directory: PathBuf,
    /// The directory of the machines' directories.
    pub base_directory: PathBuf,
    /// The registry file.
    pub registry: PathBuf,
    /// The source of the data directory.
    pub source: Source,
}

/// A source of the data directory; an earlier one takes precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The flag of this run.
    Flag,
    /// The environment variable.
    Environment,
    /// vmkit's own configuration file.
    Configuration,
    /// `~/.vm-toolkit-config`.
    ToolkitConfiguration,
    /// The default.
    Default,
}

/// The sources that may name the data directory.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The flag's value.
    pub flag: Option<&'a Path>,
    /// The environment. Ignored under sudo: another user may have set it.
    pub environment: &'a BTreeMap<String, OsString>,
    /// The value in vmkit's configuration file.
    pub configured: Option<&'a Path>,
    /// The user, whose home directory has the default data directory.
    pub invoker: &'a Invoker,
}

/// The data directory is unknown.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    /// No source names it, and there is no home directory for the default one.
    #[error("no data directory is named and the home directory of user {uid} is unknown: {why}")]
    NoHome {
        /// The user.
        uid: u32,
        /// Why the home directory is unknown.
        why: String,
    },
}

impl Location {
    /// The location that the sources name, in the order of [`Source`], and the problems of
    /// `~/.vm-toolkit-config`.
    ///
    /// The other two paths come from the source that names the data directory or from an earlier
    /// one, or else from the data directory itself, so that two installations are not mixed.
    pub fn find(sources: Sources<'_>) -> Result<(Self, Vec<Problem>), LocationError> {
        let mut settings = Settings::default();
        if let Some(directory) = sources.flag {
            return Ok((settings.named(directory, Source::Flag), Vec::new()));
        }
        if !(sources.invoker.privileged && sources.invoker.via_sudo) {
            let variable =
                |name: &str| sources.environment.get(name).filter(|value| !value.is_empty());
            settings.add(|name| variable(name).map(PathBuf::from));
            if let Some(directory) = variable(DATA_DIRECTORY) {
                return Ok((settings.named(Path::new(directory), Source::Environment), Vec::new()));
            }
        }
        if let Some(directory) = sources.configured {
            return Ok((settings.named(directory, Source::Configuration), Vec::new()));
        }
        let home = match &sources.invoker.home {
            Reading::Known(home) => home,
            other => return Err(no_home(sources.invoker.uid, other)),
        };
        let (values, problems) = toolkit_configuration(home);
        settings.add(|name| values.get(name).map(PathBuf::from));
        let location = match values.get(DATA_DIRECTORY) {
            Some(directory) => settings.named(Path::new(directory), Source::ToolkitConfiguration),
            None => settings.named(&home.join("vm-toolkit-data"), Source::Default),
        };
        Ok((location, problems))
    }

    /// The location of a data directory with the default layout.
    pub fn at(data_directory: &Path, source: Source) -> Self {
        Settings::default().named(data_directory, source)
    }
}

/// The two paths with defaults below the data directory.
#[derive(Default)]
struct Settings {
    base_directory: Option<PathBuf>,
    registry: Option<PathBuf>,
}

impl Settings {
    /// Adds what a further source says about paths that no earlier one named.
    fn add(&mut self, value: impl Fn(&str) -> Option<PathBuf>) {
        self.base_directory = self.base_directory.take().or_else(|| value(BASE_DIRECTORY));
        self.registry = self.registry.take().or_else(|| value(REGISTRY));
    }

    fn named(self, data_directory: &Path, source: Source) -> Location {
        let data_directory = absolute(data_directory);
        let own = |path: Option<PathBuf>, usual: &str| {
            path.map_or_else(|| data_directory.join(usual), |path| absolute(&path))
        };
        Location {
            base_directory: own(self.base_directory, "vms"),
            registry: own(self.registry, ".vm-registry.json"),
            data_directory,
            source,
        }
    }
}

/// The path made absolute, as command lines name files.
fn absolute(path: &Path) -> PathBuf {
    // Fails only for an empty path, or if the working directory was removed.
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The settings in `~/.vm-toolkit-config`: absolute paths only.
fn toolkit_configuration(home: &Path) -> (BTreeMap<String, String>, Vec<Problem>) {
    let path = home.join(".vm-toolkit-config");
    let bytes = match file::read(&path, CONFIGURATION_LIMIT) {
        Ok(bytes) => bytes.unwrap_or_default(),
        Err(error) => return (BTreeMap::new(), vec![Problem::error(&path, error.error_chain())]),
    };
    let found = shell::parse(&String::from_utf8_lossy(&bytes), home.to_str());
    let mut values = found.values;
    values.retain(|name, value| {
        [DATA_DIRECTORY, BASE_DIRECTORY, REGISTRY].contains(&name.as_str()) && !value.is_empty()
    });
    let mut problems = Vec::new();
    for name in [DATA_DIRECTORY, BASE_DIRECTORY, REGISTRY] {
        if let Some(line) = found.unclear.get(name) {
            let message = format!("line {line}: only a shell could tell the value of {name}");
            problems.push(Problem::warning(&path, message));
        }
        if values.get(name).is_some_and(|value| !Path::new(value).is_absolute()) {
            values.remove(name);
            let message = format!("{name} is not an absolute path; it is ignored");
            problems.push(Problem::warning(&path, message));
        }
    }
    (values, problems)
}

fn no_home(uid: u32, home: &Reading<PathBuf>) -> LocationError {
    let why = match home {
        Reading::Unknown(why) => why.to_string(),
        _ => Unread::Failed("the user database has none".to_owned()).to_string(),
    };
    LocationError::NoHome { uid, why }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "named by --data-dir",
            Self::Environment => "named by VM_PROJECT_DIR",
            Self::Configuration => "named by the configuration file",
            Self::ToolkitConfiguration => "named by ~/.vm-toolkit-config",
            Self::Default => "the usual place",
        })
    }
}
