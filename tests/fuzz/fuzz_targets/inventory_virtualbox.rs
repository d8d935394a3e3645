//! What the inventory of virtualbox reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_virtualbox::VirtualBox;

vmkit_fuzz::inventory_target!(VirtualBox, "../../../plugins/inventory-virtualbox/plugin.json");
