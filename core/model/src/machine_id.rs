//! The handle of a machine within a look.

use std::{fmt, sync::Arc};

/// Names one machine, the same in every look. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineId(Arc<str>);

impl MachineId {
    /// The id of the machine of this name. Names are unique within the machines of a look.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name that people use.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
