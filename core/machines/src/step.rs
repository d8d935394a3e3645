//! Lets a test see each step that changes a file.

use std::{fmt, sync::Arc};

/// Is called before each step.
type Observer = dyn Fn(&str) + Send + Sync;

/// The steps of an operation. A test ends the process at one of them.
#[derive(Clone, Default)]
pub(crate) struct Steps(Option<Arc<Observer>>);

impl Steps {
    #[cfg(test)]
    pub(crate) fn observed(observer: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(observer)))
    }

    /// The next step is this one.
    pub(crate) fn step(&self, what: &str) {
        if let Some(observer) = &self.0 {
            observer(what);
        }
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Steps")
    }
}
