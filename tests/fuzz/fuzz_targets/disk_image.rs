//! The first bytes of an image that a machine is created from: qcow2's header, other formats, partitions.

#![cfg_attr(fuzzing, no_main)]

use vmkit_machines::parsers::image as read;

vmkit_fuzz::target!();
