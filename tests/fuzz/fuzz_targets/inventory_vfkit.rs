//! What the inventory of vfkit reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_vfkit::Vfkit;

vmkit_fuzz::inventory_target!(Vfkit, "../../../plugins/inventory-vfkit/plugin.json");
