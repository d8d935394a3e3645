//! What a plugin may use, for people who decide about it.

use crate::{
    Manifest,
    needs::{GatewayPage, ReadFile},
};

impl Manifest {
    /// What it is allowed to use on this platform, each a plain sentence. Empty: nothing.
    /// `page`: how the host treats a page of the gateway that it declares.
    pub fn needs_in_words(&self, page: impl Fn(&GatewayPage) -> String) -> Vec<String> {
        let needs = self.needs_here();
        let mut words: Vec<String> = self.gateway.iter().map(page).collect();
        let grants = [
            (needs.network, "makes connections on the network"),
            (needs.neighbour_table, "reads the kernel's neighbour table"),
            (needs.arp, "learns who answers ARP for the VMs' addresses, asked by the host"),
            (
                needs.guest_agent,
                "learns interfaces, host name and system from the VMs' guest agents, asked by the host",
            ),
            (needs.host_keys, "is given the SSH host keys that the VMs are known by"),
        ];
        words.extend(grants.iter().filter(|(granted, _)| *granted).map(|(_, is)| (*is).to_owned()));
        words.extend(needs.read_files.iter().map(|file| match file {
            ReadFile::Console => {
                "reads the console logs of the VMs, opened for it by the host".to_owned()
            }
            ReadFile::Path(path) => format!("reads {path}"),
        }));
        words.extend(needs.exec.iter().map(|program| format!("runs {program}")));
        words
    }

    /// What to think about before trusting it, each a plain sentence.
    pub fn warnings(&self) -> Vec<&'static str> {
        let needs = self.needs_here();
        let reads = !needs.read_files.is_empty() || needs.guest_agent || needs.host_keys;
        let rows = [
            (
                needs.network && reads,
                "It reads and has the network: it can send what it reads to anybody.",
            ),
            (
                needs.network,
                "Its connections reach other computers, and services of this one on loopback.",
            ),
        ];
        rows.iter().filter(|(applies, _)| *applies).map(|(_, warning)| *warning).collect()
    }

    /// All that is agreed to with it: what it needs on each platform, and the pages of the gateway.
    pub fn agreed_needs(&self) -> serde_json::Value {
        // Only what is asked for, so that a need of a later version changes nothing here.
        let asked = |needs: &crate::Needs| {
            let value = serde_json::to_value(needs).unwrap_or_default();
            let fields = value.as_object().cloned().unwrap_or_default().into_iter();
            let empty = |value: &serde_json::Value| {
                *value == serde_json::Value::Bool(false)
                    || value.as_array().is_some_and(Vec::is_empty)
            };
            serde_json::Value::Object(fields.filter(|(_, value)| !empty(value)).collect())
        };
        let pages: Vec<&str> = self.gateway.iter().map(|page| page.path.as_str()).collect();
        let mut agreed = serde_json::Map::new();
        agreed.insert("needs".to_owned(), asked(&self.needs));
        if let Some(needs) = &self.needs_macos {
            agreed.insert("needs_macos".to_owned(), asked(needs));
        }
        if !pages.is_empty() {
            agreed.insert("gateway".to_owned(), pages.into());
        }
        serde_json::Value::Object(agreed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(needs: &str) -> Manifest {
        format!(r#"{{"id":"a","version":"1","epoch":1,"kinds":[],"needs":{needs}}}"#)
            .parse()
            .unwrap()
    }

    #[test]
    fn warns_of_needs_that_are_worse_together() {
        let rows = [
            ("{}", 0, ""),
            (r#"{"read_files":["/etc/hosts"]}"#, 0, ""),
            (r#"{"network":true}"#, 1, "Its connections reach"),
            (r#"{"network":true,"read_files":["{console}"]}"#, 2, "It reads and has the network"),
            (r#"{"network":true,"host_keys":true}"#, 2, "It reads and has the network"),
        ];
        for (needs, count, first) in rows {
            let manifest = manifest(needs);
            let warnings = manifest.warnings();
            assert_eq!(warnings.len(), count, "{needs}");
            assert!(warnings.first().unwrap_or(&"").starts_with(first), "{needs}");
        }
    }

    #[test]
    fn what_is_agreed_to_names_each_need_that_is_asked_for() {
        let expected = json!({"needs": {"network": true, "read_files": ["{console}"]}});
        let text = r#"{"network":true,"exec":[],"read_files":["{console}"]}"#;
        assert_eq!(manifest(text).agreed_needs(), expected);
    }
}
