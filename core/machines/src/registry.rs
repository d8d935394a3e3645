//! The registry as a text in which single members are changed.

use std::{collections::BTreeMap, ops::Range};

use serde_json::Value;
use vmkit_inventory::RegistryEntry;

use crate::object_text::{members, root, value_of, with, without};

const VMS: &str = "vms";
const UPDATED: &str = "updated";

/// A valid registry.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    text: String,
    entries: BTreeMap<String, Option<RegistryEntry>>,
}

impl Registry {
    /// A registry without machines.
    pub(crate) fn empty(now: &str) -> Self {
        let text = format!(
            "{{\n  \"vms\": {{}},\n  \"version\": \"1.0\",\n  \"created\": \"{now}\"\n}}\n"
        );
        Self { text, entries: BTreeMap::new() }
    }

    /// Reads it by the rules of the inventory.
    ///
    /// # Errors
    /// It is not as the toolkit writes it. The message continues `the registry PATH`.
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let entries = vmkit_inventory::registry_entries(&bytes)?;
        let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
        Ok(Self { text, entries })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The names, which are not validated, with their entries.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, Option<&RegistryEntry>)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry.as_ref()))
    }

    /// The entry of a machine, if it has one and that is an object.
    pub(crate) fn entry(&self, name: &str) -> Option<&RegistryEntry> {
        self.entries.get(name)?.as_ref()
    }

    /// The JSON of a machine's entry.
    pub(crate) fn entry_text(&self, name: &str) -> Option<&str> {
        Some(&self.text[value_of(&self.text, self.vms()?, name)?])
    }

    /// The JSON of all entries, by name. Of several with one name, the last one counts.
    pub(crate) fn entry_texts(&self) -> impl Iterator<Item = (String, &str)> {
        let vms = self.vms().map(|vms| members(&self.text, vms)).unwrap_or_default();
        vms.into_iter().map(|member| (member.key, &self.text[member.value]))
    }

    /// Adds or replaces a machine's entry.
    pub(crate) fn put(&mut self, name: &str, entry: &str, now: &str) -> Result<(), String> {
        let vms = self.vms().ok_or_else(no_vms)?;
        self.becomes(&with(&self.text, vms, name, entry, 4), now)
    }

    /// Removes a machine's entry.
    pub(crate) fn remove(&mut self, name: &str, now: &str) -> Result<(), String> {
        let vms = self.vms().ok_or_else(no_vms)?;
        self.becomes(&without(&self.text, vms, name), now)
    }

    /// Sets members of a machine's entry; `None` removes one.
    pub(crate) fn set(
        &mut self,
        name: &str,
        changes: &[(&str, Option<String>)],
        now: &str,
    ) -> Result<(), String> {
        let mut text = self.text.clone();
        let updated = (UPDATED, Some(now.to_owned()));
        for (key, value) in changes.iter().chain([&updated]) {
            let object = vms_of(&text).and_then(|vms| value_of(&text, vms, name));
            let Some(object) = object else { return Err(format!("has no entry `{name}`")) };
            text = match value {
                Some(value) => {
                    with(&text, object, key, &Value::from(value.as_str()).to_string(), 6)
                }
                None => without(&text, object, key),
            };
        }
        self.becomes(&text, now)
    }

    fn vms(&self) -> Option<Range<usize>> {
        vms_of(&self.text)
    }

    /// Takes the text over, with the time, once it is a registry.
    fn becomes(&mut self, text: &str, now: &str) -> Result<(), String> {
        let text = with(text, root(text), UPDATED, &Value::from(now).to_string(), 2);
        *self = Self::parse(text.into_bytes())?;
        Ok(())
    }
}

fn vms_of(text: &str) -> Option<Range<usize>> {
    members(text, root(text)).into_iter().rfind(|member| member.key == VMS).map(|vms| vms.value)
}

fn no_vms() -> String {
    "has no object `vms`".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = r#"{"future":{"b":1,"a":[1.0,1e3]},"vms":{"zeta":{"name":"zeta","memory_mb":4.0e3,"gpu":{"x":1}},
 "alpha":null},"version":"1.0","big":123456789012345678901234567890}"#;

    #[test]
    fn keeps_everything_that_it_does_not_know() {
        let mut registry = Registry::parse(FULL.as_bytes().to_vec()).unwrap();
        registry.put("web", r#"{"name":"web"}"#, "T1").unwrap();
        registry.set("zeta", &[("net_mode", Some("shared".into())), ("gpu", None)], "T2").unwrap();
        registry.remove("alpha", "T3").unwrap();
        let expected = r#"{"future":{"b":1,"a":[1.0,1e3]},"vms":{"zeta":{"name":"zeta","memory_mb":4.0e3,"net_mode":"shared","updated":"T2"},
 "web": {"name":"web"}},"version":"1.0","big":123456789012345678901234567890,"updated":"T3"}"#;
        assert_eq!(registry.text(), expected);
        assert_eq!(registry.entries().map(|(name, _)| name).collect::<Vec<_>>(), ["web", "zeta"]);
    }

    #[test]
    fn begins_as_the_toolkit_does() {
        let mut registry = Registry::empty("T0");
        registry.put("web", "{\n      \"name\": \"web\"\n    }", "T1").unwrap();
        let expected = r#"{
  "vms": {
    "web": {
      "name": "web"
    }
  },
  "version": "1.0",
  "created": "T0",
  "updated": "T1"
}
"#;
        assert_eq!(registry.text(), expected);
        registry.remove("web", "T2").unwrap();
        assert!(registry.text().starts_with("{\n  \"vms\": {},\n"), "{}", registry.text());
    }

    #[test]
    fn sets_nothing_in_an_entry_that_is_missing() {
        let mut registry = Registry::empty("T0");
        assert!(registry.set("web", &[], "T1").is_err());
        assert_eq!(registry.text(), Registry::empty("T0").text());
    }
}
