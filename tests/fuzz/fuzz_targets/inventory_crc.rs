//! What the inventory of crc reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_crc::Crc;

vmkit_fuzz::inventory_target!(Crc, "../../../plugins/inventory-crc/plugin.json");
