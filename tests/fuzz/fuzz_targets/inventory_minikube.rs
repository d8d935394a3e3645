//! What the inventory of minikube reads.

#![cfg_attr(fuzzing, no_main)]

use inventory_minikube::Minikube;

vmkit_fuzz::inventory_target!(Minikube, "../../../plugins/inventory-minikube/plugin.json");
