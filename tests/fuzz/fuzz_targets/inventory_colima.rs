//! What the inventory of colima reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_colima::Colima;

vmkit_fuzz::inventory_target!(Colima, "../../../plugins/inventory-colima/plugin.json");
