//! What the inventory of lima reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_lima::Lima;

vmkit_fuzz::inventory_target!(Lima, "../../../plugins/inventory-lima/plugin.json");
