//! What the inventory of qemu reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_qemu::Qemu;

vmkit_fuzz::inventory_target!(Qemu, "../../../plugins/inventory-qemu/plugin.json");
