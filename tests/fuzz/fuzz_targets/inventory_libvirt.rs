//! What the inventory of libvirt reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_libvirt::Libvirt;

vmkit_fuzz::inventory_target!(Libvirt, "../../../plugins/inventory-libvirt/plugin.json");
