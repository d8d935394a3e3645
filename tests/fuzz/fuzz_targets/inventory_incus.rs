//! What the inventory of incus reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_incus::Incus;

vmkit_fuzz::inventory_target!(Incus, "../../../plugins/inventory-incus/plugin.json");
