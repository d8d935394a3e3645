//! What the inventory of orbstack reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_orbstack::OrbStack;

vmkit_fuzz::inventory_target!(OrbStack, "../../../plugins/inventory-orbstack/plugin.json");
