//! What the inventory of multipass reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_multipass::Multipass;

vmkit_fuzz::inventory_target!(Multipass, "../../../plugins/inventory-multipass/plugin.json");
