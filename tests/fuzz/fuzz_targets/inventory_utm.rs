//! What the inventory of utm reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_utm::Utm;

vmkit_fuzz::inventory_target!(Utm, "../../../plugins/inventory-utm/plugin.json");
