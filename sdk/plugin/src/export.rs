//! What [`export!`](crate::export) expands to.

use vmkit_abi::{
    AdviceBox, AdviceSource_TO, Error, Fact, HostRef, Inventory_TO, InventoryBox, Machine, Make,
    MakeFn, Signal_TO, SignalBox, VirtualMachine,
    stable::{ROption::RSome, RResult, RSlice, RStr, RVec, TD_Opaque},
};

use crate::{
    Cx, ErrorCode, Plugin, Result, bridge, convert,
    guard::guard,
    kinds::{AdviceSource, Inventory, Signal},
};

/// An author's plugin, as the interface calls it.
struct Carrier<T>(T);

fn call<T>(host: HostRef<'_>, body: impl FnOnce(&Cx<'_>) -> Result<T>) -> RResult<T, Error> {
    let cx = Cx::new(host);
    guard(|| bridge::with_host(cx.host(), || body(&cx)))
}

impl<T: Signal> vmkit_abi::Signal for Carrier<T> {
    fn observe(&self, vms: RSlice<'_, VirtualMachine>, host: HostRef<'_>) -> RResult<(), Error> {
        call(host, |cx| {
            let vms: Vec<_> = vms.iter().map(convert::subject_in).collect();
            self.0.observe(&vms, cx)
        })
    }
}

impl<T: Inventory> vmkit_abi::Inventory for Carrier<T> {
    fn list(&self, host: HostRef<'_>) -> RResult<RVec<Machine>, Error> {
        call(host, |cx| {
            let machines = self.0.list(cx)?;
            Ok(machines.into_iter().map(convert::machine_out).collect())
        })
    }
}

impl<T: AdviceSource> vmkit_abi::AdviceSource for Carrier<T> {
    fn advise(
        &self,
        facts: RSlice<'_, Fact>,
        host: HostRef<'_>,
    ) -> RResult<RVec<vmkit_abi::Advice>, Error> {
        call(host, |cx| {
            let facts: Vec<_> = facts.iter().map(convert::fact_in).collect();
            Ok(self.0.advise(&facts, cx)?.into_iter().map(convert::advice_out).collect())
        })
    }
}

fn make<T: Plugin>(configuration: RStr<'_>) -> Result<Carrier<T>> {
    let configuration = serde_json::from_str(configuration.as_str()).map_err(|error| {
        crate::Error::new(ErrorCode::Configuration, format!("configuration: {error}"))
    })?;
    T::new(configuration).map(Carrier)
}

/// Makes a signal of type `T`.
pub extern "C" fn make_signal<T: Signal>(configuration: RStr<'_>) -> RResult<SignalBox, Error> {
    guard(|| Ok(Signal_TO::from_value(make::<T>(configuration)?, TD_Opaque)))
}

/// Makes an inventory of type `T`.
pub extern "C" fn make_inventory<T: Inventory>(
    configuration: RStr<'_>,
) -> RResult<InventoryBox, Error> {
    guard(|| Ok(Inventory_TO::from_value(make::<T>(configuration)?, TD_Opaque)))
}

/// Makes an advice source of type `T`.
pub extern "C" fn make_advice<T: AdviceSource>(
    configuration: RStr<'_>,
) -> RResult<AdviceBox, Error> {
    guard(|| Ok(AdviceSource_TO::from_value(make::<T>(configuration)?, TD_Opaque)))
}

/// The maker of a plugin's signal, for its module.
pub const fn signal<T: Signal>() -> Make<SignalBox> {
    RSome(MakeFn(make_signal::<T>))
}

/// The maker of a plugin's inventory, for its module.
pub const fn inventory<T: Inventory>() -> Make<InventoryBox> {
    RSome(MakeFn(make_inventory::<T>))
}

/// The maker of a plugin's advice source, for its module.
pub const fn advice<T: AdviceSource>() -> Make<AdviceBox> {
    RSome(MakeFn(make_advice::<T>))
}

/// The bytes of `text`, as an array that can stand in a section of the library.
pub const fn bytes<const N: usize>(text: &str) -> [u8; N] {
    let source = text.as_bytes();
    let mut array = [0; N];
    let mut at = 0;
    while at < N {
        array[at] = source[at];
        at += 1;
    }
    array
}

/// Makes the library a vmkit plugin.
///
/// ```ignore
/// vmkit_plugin::export!(manifest = "../plugin.json", signal = Arp);
/// ```
///
/// The manifest's path is relative to the file that calls it. It ends up in a section of the
/// library, where the host reads it before any code of the plugin runs. One plugin may offer
/// several kinds: `signal = …, inventory = …, advice = …`. Call it once, at the crate's root.
#[macro_export]
macro_rules! export {
    (manifest = $manifest:literal $(, $kind:ident = $plugin:ty)+ $(,)?) => {
        #[allow(unsafe_code, reason = "a plugin is found by its exported symbols and section")]
        const _: () = {
            use $crate::abi::{self, stable::{library, PrefixTypeTrait as _}};

            const MANIFEST: &str = include_str!($manifest);

            #[used]
            #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__vmplugin"))]
            #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".vmplugin"))]
            static SECTION: [u8; MANIFEST.len()] = $crate::export::bytes(MANIFEST);

            // The name under which abi_stable looks for a root module, and what its own macro
            // would emit if that did not insist on `::abi_stable` as the author's dependency.
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            pub static HEADER: library::LibHeader = {
                extern "C" fn load() -> library::RootModuleResult {
                    library::__call_root_module_loader(root)
                }
                // SAFETY: `load` returns the root module of the type that is named here.
                unsafe {
                    library::LibHeader::from_constructor::<abi::PluginModule_Ref>(
                        load,
                        library::CheckTypeLayout::Yes,
                    )
                }
            };

            fn root() -> abi::PluginModule_Ref {
                let mut module = abi::PluginModule::EMPTY;
                $(module.$kind = $crate::export::$kind::<$plugin>();)+
                module.leak_into_prefix()
            }
        };
    };
}
