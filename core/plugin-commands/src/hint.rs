//! What to do about an error of these commands.

use vmkit_authoring::{IndexError, ProjectError, SdkError};

/// The advice that belongs to an error of `vm plugin`.
pub fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(ProjectError::NotEmpty(_)) = error.downcast_ref() {
        return Some("name an empty directory, or one that does not exist, with --path".to_owned());
    }
    if let Some(SdkError::NotOne { .. }) = error.downcast_ref() {
        return Some("name the checkout of vmkit, whose folder `sdk` has the crates".to_owned());
    }
    let hint = match error.downcast_ref()? {
        IndexError::NoIndex => {
            "name one with --index, or by `index` in [plugins] of the configuration file"
        }
        IndexError::Unknown(_) => "vm plugin search",
        IndexError::Differs { .. } => {
            "do not install it, and report it to the maintainer of the index"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
