//! The values of VMware's files.

use std::collections::BTreeMap;

use vmkit_formats::pairs::{self, Dialect};
use vmkit_listing::{ManagerFile, absolute};
use vmkit_plugin::Unread;

/// The values of a file, by keys in small letters.
pub(crate) struct Settings(BTreeMap<String, String>);

impl Settings {
    /// The values in this file.
    pub(crate) fn read(file: &ManagerFile) -> Result<Self, Unread> {
        let sections =
            pairs::parse(&file.bytes, Dialect::Vmx).map_err(|error| file.malformed(error))?;
        let pairs = sections.into_iter().flat_map(|section| section.pairs);
        let values: BTreeMap<String, String> = pairs.collect();
        if values.is_empty() {
            return Err(file.malformed("it holds no settings"));
        }
        Ok(Self(values))
    }

    /// The value of this key in small letters, unless it is empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether this key in small letters says `TRUE`.
    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Paths under keys of this ending in files of this folder, for the devices that are present.
    pub(crate) fn files(
        &self,
        folder: &str,
        ending: &str,
        is: impl Fn(&str, &str) -> bool,
    ) -> Vec<String> {
        let files = self.0.iter().filter_map(|(key, value)| {
            let device = key.strip_suffix(ending)?;
            let present = self.is_true(&format!("{device}.present"));
            (present && is(device, value)).then(|| absolute(folder, value))
        });
        files.collect()
    }

    /// All values, with their keys in small letters.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
