//! The plugins that the user has agreed to run: the lock file.

use std::{path::PathBuf, time::SystemTime};

use serde::{Deserialize, Serialize};
use vmkit_model::ClaimLimit;

use crate::{FileHash, claim_limit, document::InvalidState, plugin_list, time};

/// The schema of the file.
const SCHEMA: &str = "vmkit.plugin-lock/1";

/// The plugins that somebody has agreed to run. Each entry is about exactly one content of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PluginLock {
    entries: Vec<TrustedPlugin>,
}

/// One plugin that may run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct TrustedPlugin {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// What its file holds.
    pub sha256: FileHash,
    /// Its needs, as they were shown.
    pub needs: serde_json::Value,
    /// Whether it may run where its files cannot be confined.
    #[serde(default)]
    pub unconfined: bool,
    /// What its own claims may add up to, where somebody has said so.
    #[serde(
        default,
        rename = "weight",
        skip_serializing_if = "Option::is_none",
        with = "claim_limit"
    )]
    pub limit: Option<ClaimLimit>,
    /// Where it lay.
    pub path: PathBuf,
    /// When the user agreed.
    #[serde(with = "time")]
    pub trusted_at: SystemTime,
}

/// What a lock says about a plugin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing<'a> {
    /// It may run.
    Trusted(&'a TrustedPlugin),
    /// The same file was trusted when this vmkit read other needs from it.
    OtherNeeds(&'a TrustedPlugin),
    /// Another file with its id may run.
    OtherFile(&'a TrustedPlugin),
    /// Nobody has agreed to it.
    Unknown,
}

impl PluginLock {
    /// Parses the file. Invalid entries are dropped: what they name does not run.
    ///
    /// # Errors
    /// The file is malformed or of another version.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidState> {
        Ok(Self { entries: plugin_list::parse(text, SCHEMA)? })
    }

    /// The text of the file.
    pub fn to_text(&self) -> Vec<u8> {
        plugin_list::to_text(&self.entries, SCHEMA)
    }

    /// All entries, in the order in which they were made.
    pub fn entries(&self) -> &[TrustedPlugin] {
        &self.entries
    }

    /// What it says about the plugin with this id, content and needs.
    pub fn standing(&self, id: &str, sha256: FileHash, needs: &serde_json::Value) -> Standing<'_> {
        if let Some(entry) = self.entries.iter().find(|entry| entry.sha256 == sha256) {
            let same = entry.needs == *needs;
            return if same { Standing::Trusted(entry) } else { Standing::OtherNeeds(entry) };
        }
        let of_id = self.entries.iter().rev().find(|entry| entry.id == id);
        of_id.map_or(Standing::Unknown, Standing::OtherFile)
    }

    /// Adds an entry in place of all others with its id.
    pub fn trust(&mut self, plugin: TrustedPlugin) {
        self.entries.retain(|entry| entry.id != plugin.id && entry.sha256 != plugin.sha256);
        self.entries.push(plugin);
    }

    /// Removes the entry about this content.
    pub fn remove(&mut self, sha256: FileHash) {
        self.entries.retain(|entry| entry.sha256 != sha256);
    }

    /// Removes the entries with this id or content, and returns them.
    pub fn untrust(&mut self, id: &str, sha256: Option<FileHash>) -> Vec<TrustedPlugin> {
        let named = |entry: &TrustedPlugin| entry.id == id || Some(entry.sha256) == sha256;
        let (removed, kept) = self.entries.drain(..).partition(named);
        self.entries = kept;
        removed
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hash(byte: u8) -> FileHash {
        FileHash::new([byte; 32])
    }

    fn entry(id: &str, byte: u8) -> TrustedPlugin {
        TrustedPlugin {
            id: id.to_owned(),
            version: "1".to_owned(),
            sha256: hash(byte),
            needs: json!({"network": true}),
            unconfined: byte.is_multiple_of(2),
            limit: ClaimLimit::new(u16::from(byte) * 25),
            path: "/p/x.so".into(),
            trusted_at: SystemTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn reads_what_it_wrote_and_drops_invalid_entries() {
        let mut lock = PluginLock::default();
        lock.trust(entry("lucky", 1));
        lock.trust(entry("happy", 2));
        assert_eq!(PluginLock::parse(&lock.to_text()).unwrap(), lock);
        let broken = br#"{"schema":"vmkit.plugin-lock/1","plugins":[7,{"id":"x","sha256":"00"}]}"#;
        assert_eq!(PluginLock::parse(broken).unwrap(), PluginLock::default());
        assert!(PluginLock::parse(br#"{"schema":"vmkit.plugin-lock/2","plugins":[]}"#).is_err());
        assert!(PluginLock::parse(b"").is_err());
    }

    #[test]
    fn a_limit_that_nobody_may_set_trusts_nothing() {
        let rows = [
            ("1", true),
            ("1000", true),
            ("null", true),
            ("0", false),
            ("1001", false),
            ("-1", false),
            ("7.4", false),
            ("1e999", false),
            (r#""full""#, false),
        ];
        for (limit, valid) in rows {
            let text = String::from_utf8(PluginLock { entries: vec![entry("a", 1)] }.to_text());
            let text = text.unwrap().replace("\"weight\": 25", &format!("\"weight\": {limit}"));
            let kept = PluginLock::parse(text.as_bytes()).map_or(0, |lock| lock.entries().len());
            assert_eq!(kept, usize::from(valid), "{limit}");
        }
    }

    #[test]
    fn agrees_to_one_content_with_the_needs_that_were_shown() {
        let mut lock = PluginLock::default();
        lock.trust(entry("lucky", 1));
        let rows = [
            ("lucky", 1, json!({"network": true}), "trusted"),
            ("lucky", 1, json!({}), "other needs"),
            ("lucky", 2, json!({"network": true}), "other file"),
            ("other", 2, json!({"network": true}), "unknown"),
        ];
        for (id, byte, needs, expected) in rows {
            let standing = match lock.standing(id, hash(byte), &needs) {
                Standing::Trusted(_) => "trusted",
                Standing::OtherNeeds(_) => "other needs",
                Standing::OtherFile(_) => "other file",
                Standing::Unknown => "unknown",
            };
            assert_eq!(standing, expected, "{id}, {byte}, {needs}");
        }
    }

    #[test]
    fn keeps_one_file_of_an_id_and_forgets_by_id_or_content() {
        let mut lock = PluginLock::default();
        for (id, byte) in [("lucky", 1), ("happy", 2), ("lucky", 3)] {
            lock.trust(entry(id, byte));
        }
        let ids =
            |lock: &PluginLock| lock.entries().iter().map(|e| e.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&lock), ["happy", "lucky"]);
        assert_eq!(lock.untrust("none", None), []);
        assert_eq!(lock.untrust("lucky", None).len(), 1);
        assert_eq!(lock.untrust("none", Some(hash(2))).len(), 1);
        assert_eq!(lock, PluginLock::default());
    }
}
