//! What the inventory of proxmox reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_proxmox::Proxmox;

vmkit_fuzz::inventory_target!(Proxmox, "../../../plugins/inventory-proxmox/plugin.json");
