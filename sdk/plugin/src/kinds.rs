//! The kinds of plugin, as traits, and what they exchange with the host.

use serde::{Deserialize, de::DeserializeOwned};
use vmkit_types::{Advice, Fact, ListedMachine, Subject};

use crate::{Cx, Result};

/// Every plugin. The host makes it once per run from its configuration.
///
/// ```
/// use vmkit_plugin::{Error, ErrorCode, Plugin, Result};
///
/// #[derive(Default, serde::Deserialize)]
/// #[serde(default, deny_unknown_fields)]
/// struct Config {
///     port: u16,
/// }
///
/// struct Knock(Config);
///
/// impl Plugin for Knock {
///     type Config = Config;
///
///     fn new(config: Config) -> Result<Self> {
///         if config.port == 0 {
///             return Err(Error::new(ErrorCode::Configuration, "port 0 is none"));
///         }
///         Ok(Self(config))
///     }
/// }
///
/// assert!(Knock::new(Config::default()).is_err());
/// ```
pub trait Plugin: Sized {
    /// The configuration, read from a JSON object. The object is empty where nothing is configured,
    /// so every field needs a default. `deny_unknown_fields` reports typing errors.
    type Config: DeserializeOwned;

    /// Makes the plugin. Keep work for the calls: here, no deadline holds.
    fn new(config: Self::Config) -> Result<Self>;
}

/// The configuration of a plugin that has nothing to configure.
///
/// ```
/// use vmkit_plugin::{NoConfig, Plugin, Result};
///
/// struct Lucky;
///
/// impl Plugin for Lucky {
///     type Config = NoConfig;
///
///     fn new(_: NoConfig) -> Result<Self> {
///         Ok(Self)
///     }
/// }
///
/// assert!(Lucky::new(NoConfig {}).is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// A plugin that reports observations about machines.
///
/// ```
/// use vmkit_plugin::{Cx, Kind, NoConfig, Observation, Plugin, Result, Signal, Subject};
///
/// struct Lucky;
/// # impl Plugin for Lucky {
/// #     type Config = NoConfig;
/// #     fn new(_: NoConfig) -> Result<Self> { Ok(Self) }
/// # }
///
/// impl Signal for Lucky {
///     fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
///         for vm in 0..vms.len() {
///             cx.check()?;
///             cx.emit(Observation::new(vm, Kind::LeaseCurrent, "I know").at([192, 168, 1, 7]))?;
///         }
///         Ok(())
///     }
/// }
///
/// let report = vmkit_testkit::FakeHost::new().observe::<Lucky>("{}", &[Subject::default()]);
/// assert_eq!(report.lines(), ["0 lease-current 192.168.1.7 I know"]);
/// ```
pub trait Signal: Plugin + Send + Sync + 'static {
    /// Reports observations about the machines by `cx.emit`, as they are found. Report also what
    /// cannot be read, with `Observation::unread`. Call `cx.check()` in every loop.
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()>;
}

/// A plugin that lists the machines of a manager. The plugin's id is the manager's name.
///
/// ```
/// use vmkit_plugin::{Cx, Inventory, ListedMachine, NoConfig, Plugin, Result};
///
/// struct Shelf;
/// # impl Plugin for Shelf {
/// #     type Config = NoConfig;
/// #     fn new(_: NoConfig) -> Result<Self> { Ok(Self) }
/// # }
///
/// impl Inventory for Shelf {
///     fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
///         cx.check()?;
///         Ok(vec![ListedMachine::new("7", "web")])
///     }
/// }
///
/// let machines = vmkit_testkit::FakeHost::new().list::<Shelf>("{}").unwrap();
/// assert_eq!(machines[0].name, "web");
/// ```
pub trait Inventory: Plugin + Send + Sync + 'static {
    /// All machines of the manager, running or not. A machine whose files cannot be read is listed
    /// with unknown fields that say why, so that it hides no other one. An error means that the list
    /// itself could not be read. Call `cx.check()` in every loop.
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>>;
}

/// A plugin that recognises a router and says what to change there.
///
/// ```
/// use vmkit_plugin::{Advice, AdviceSource, Cx, Fact, NoConfig, Plugin, Result};
///
/// struct Reticent;
/// # impl Plugin for Reticent {
/// #     type Config = NoConfig;
/// #     fn new(_: NoConfig) -> Result<Self> { Ok(Self) }
/// # }
///
/// impl AdviceSource for Reticent {
///     fn advise(&self, _facts: &[Fact], cx: &Cx<'_>) -> Result<Vec<Advice>> {
///         cx.check()?;
///         Ok(Vec::new()) // it knows none of these routers
///     }
/// }
///
/// assert!(vmkit_testkit::FakeHost::new().advise::<Reticent>("{}", &[]).unwrap().is_empty());
/// ```
pub trait AdviceSource: Plugin + Send + Sync + 'static {
    /// The conclusions from these facts. An empty list is a good answer.
    fn advise(&self, facts: &[Fact], cx: &Cx<'_>) -> Result<Vec<Advice>>;
}
