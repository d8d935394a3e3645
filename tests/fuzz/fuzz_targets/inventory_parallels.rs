//! What the inventory of parallels reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_parallels::Parallels;

vmkit_fuzz::inventory_target!(Parallels, "../../../plugins/inventory-parallels/plugin.json");
