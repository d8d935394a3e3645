//! What the inventory of vmware reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_vmware::Vmware;

vmkit_fuzz::inventory_target!(Vmware, "../../../plugins/inventory-vmware/plugin.json");
