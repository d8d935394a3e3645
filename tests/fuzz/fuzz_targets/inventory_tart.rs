//! What the inventory of tart reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_tart::Tart;

vmkit_fuzz::inventory_target!(Tart, "../../../plugins/inventory-tart/plugin.json");
