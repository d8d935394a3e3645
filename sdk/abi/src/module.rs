//! The root module that every plugin exports.

use abi_stable::{
    StableAbi,
    library::RootModule,
    sabi_types::VersionStrings,
    std_types::{ROption, RResult, RStr},
};

use crate::{AdviceBox, Error, InventoryBox, SignalBox};

/// A function that makes a plugin of one kind from its configuration, a JSON object.
#[repr(transparent)]
#[derive(StableAbi)]
pub struct MakeFn<T>(pub extern "C" fn(configuration: RStr<'_>) -> RResult<T, Error>);

impl<T> Copy for MakeFn<T> {}
impl<T> Clone for MakeFn<T> {
    fn clone(&self) -> Self {
        *self
    }
}

/// The maker of one kind, where the plugin offers that kind.
pub type Make<T> = ROption<MakeFn<T>>;

/// What a plugin offers. Fields may only be appended; a missing one reads as `None`.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginModule_Ref, prefix_fields = PluginModule_Prefix)))]
#[sabi(missing_field(option))]
pub struct PluginModule {
    pub signal: Make<SignalBox>,
    pub inventory: Make<InventoryBox>,
    #[sabi(last_prefix_field)]
    pub advice: Make<AdviceBox>,
}

impl PluginModule {
    /// Offers nothing.
    pub const EMPTY: Self =
        Self { signal: ROption::RNone, inventory: ROption::RNone, advice: ROption::RNone };
}

impl RootModule for PluginModule_Ref {
    abi_stable::declare_root_module_statics! {PluginModule_Ref}
    const BASE_NAME: &'static str = "vmkit_plugin";
    const NAME: &'static str = "vmkit_plugin";
    const VERSION_STRINGS: VersionStrings = abi_stable::package_version_strings!();
}
