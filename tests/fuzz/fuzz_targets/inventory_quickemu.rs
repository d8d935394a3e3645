//! What the inventory of quickemu reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_quickemu::Quickemu;

vmkit_fuzz::inventory_target!(Quickemu, "../../../plugins/inventory-quickemu/plugin.json");
