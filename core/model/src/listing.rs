//! What the inventory of one manager lists.

use std::{collections::HashSet, sync::Arc};

use vmkit_types::ListedMachine;

/// The machines that the inventory of one manager lists, checked field by field and bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The manager: the id of its plugin, such as `libvirt`.
    pub manager: Arc<str>,
    /// Whether its plugin came with vmkit. Another one names machines, and says nothing of those that
    /// others list.
    pub bundled: bool,
    /// Its machines, in the order of the plugin.
    pub machines: Vec<ListedMachine>,
    /// The ids of those whose process was not proven: somebody else may have chosen what they say.
    pub unproven: HashSet<String>,
}
