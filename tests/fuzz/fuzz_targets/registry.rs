//! `.vm-registry.json` of vm-toolkit.

#![cfg_attr(fuzzing, no_main)]

use vmkit_inventory::parsers::registry as read;

vmkit_fuzz::target!();
