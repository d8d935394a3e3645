//! The zone that is served, which each look replaces.

use std::sync::{Arc, PoisonError, RwLock};

use crate::Zone;

/// The current zone, shared between the looks that find addresses and the server.
#[derive(Clone)]
pub struct Zones(Arc<RwLock<Arc<Zone>>>);

impl Zones {
    /// Starts with this zone.
    pub fn new(zone: Zone) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(zone))))
    }

    /// Replaces the current zone.
    pub fn replace(&self, zone: Zone) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(zone);
    }

    /// The current zone.
    pub fn current(&self) -> Arc<Zone> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
