//! What the inventory of podman reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_podman::Podman;

vmkit_fuzz::inventory_target!(Podman, "../../../plugins/inventory-podman/plugin.json");
