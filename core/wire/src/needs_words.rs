//! What a plugin may use, for people who decide about it.

use serde::de::Error as _;

use crate::{
    EPOCH, Manifest, ManifestError,
    claims::DeclaredKind,
    code::PluginKind,
    local_api::LocalApi,
    needs::{GatewayPage, ReadFile},
    pattern::HOME,
    program::Program,
};

impl Manifest {
    /// What it is allowed to use on this platform, each a plain sentence. Empty: nothing.
    /// `page`: how the host treats a page of the gateway that it declares.
    pub fn needs_in_words(&self, page: impl Fn(&GatewayPage) -> String) -> Vec<String> {
        let needs = self.needs_here();
        let program = self.program.as_ref().map(Program::in_words);
        let mut words: Vec<String> = program.into_iter().collect();
        words.extend(self.gateway.iter().map(page));
        let grants = [
            (needs.network, "makes connections on the network"),
            (needs.neighbour_table, "reads the kernel's neighbour table"),
            (needs.arp, "learns who answers ARP for the VMs' addresses, asked by the host"),
            (
                needs.guest_agent,
                "learns interfaces, host name and system from the VMs' guest agents, asked by the host",
            ),
            (needs.host_keys, "is given the SSH host keys that the VMs are known by"),
            (
                self.is(PluginKind::Inventory),
                "names VMs, and says where and as whom `vm ssh` reaches them",
            ),
        ];
        words.extend(grants.iter().filter(|(granted, _)| *granted).map(|(_, is)| (*is).to_owned()));
        words.extend(needs.read_files.iter().map(|file| match file {
            ReadFile::Console => {
                "reads the console logs of the VMs, opened for it by the host".to_owned()
            }
            ReadFile::Path(path) => match path.strip_prefix(HOME) {
                Some(below_home) => format!("reads ~/{below_home}"),
                None => format!("reads {path}"),
            },
        }));
        let sees = |name: &String| format!("sees the command lines of {name} processes");
        words.extend(needs.processes.iter().map(sees));
        let asks = |api: &LocalApi| format!("learns what {} answers to {}", api.socket, api.path);
        words.extend(needs.local_api.iter().map(asks));
        words.extend(needs.exec.iter().map(|program| format!("runs {program}")));
        words
    }

    /// Its own kinds of evidence with their numbers, each a plain sentence. Empty: it declares none.
    pub fn claims_in_words(&self) -> Vec<String> {
        let words = self.evidence.iter().map(|declared| {
            let DeclaredKind { kind, likelihood_ratio, half_life_s, says, .. } = declared;
            format!("{kind}: {says} (ratio {likelihood_ratio}, half-life {half_life_s} s)")
        });
        words.collect()
    }

    /// What to think about before trusting it, each a plain sentence. `unconfined`: also where its files
    /// cannot be confined.
    pub fn warnings(&self, unconfined: bool) -> Vec<&'static str> {
        let needs = self.needs_here();
        let is_of_home =
            |file: &ReadFile| matches!(file, ReadFile::Path(path) if path.starts_with(HOME));
        let of_home = needs.read_files.iter().any(is_of_home);
        let processes = !needs.processes.is_empty();
        let asks = needs.guest_agent || needs.host_keys || !needs.local_api.is_empty();
        let reads = !needs.read_files.is_empty() || asks || processes;
        let rows = [
            (
                unconfined,
                "Where files cannot be confined, it reads whatever you can read: --unconfined.",
            ),
            (
                needs.network && reads,
                "It reads and has the network: it can send what it reads to anybody.",
            ),
            (
                needs.network,
                "Its connections reach other computers, and services of this one on loopback.",
            ),
            (of_home, "It reads files of your home directory, those that it names."),
            (processes, "Command lines, of any user's processes, may hold passwords."),
        ];
        rows.iter().filter(|(applies, _)| *applies).map(|(_, warning)| *warning).collect()
    }

    /// The manifest of a plugin with only this known, checked as one of a library. `agreed`:
    /// what [`Self::agreed_needs`] returned.
    ///
    /// # Errors
    /// No manifest could hold this, or it is not as that function writes it.
    pub fn of_agreed(
        id: &str,
        version: &str,
        agreed: &serde_json::Value,
    ) -> Result<Self, ManifestError> {
        let malformed = |error: &str| ManifestError::Malformed(serde_json::Error::custom(error));
        let mut fields = agreed.as_object().ok_or_else(|| malformed("no needs"))?.clone();
        if let Some(paths) = fields.get_mut("gateway").and_then(serde_json::Value::as_array_mut) {
            for path in paths {
                *path = serde_json::json!({"path": path.take()});
            }
        }
        let known = [("id", id.into()), ("version", version.into()), ("epoch", EPOCH.into())];
        // The kind that may have every need.
        let known = known.into_iter().chain([("kinds", serde_json::json!(["inventory"]))]);
        fields.extend(known.map(|(name, value)| (name.to_owned(), value)));
        let manifest: Self = serde_json::Value::Object(fields).to_string().parse()?;
        if manifest.agreed_needs() == *agreed {
            Ok(manifest)
        } else {
            Err(malformed("the needs are not written as those of a manifest"))
        }
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
        format!(r#"{{"id":"a","version":"1","epoch":1,"kinds":["inventory"],"needs":{needs}}}"#)
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
            (r#"{"read_files":["{home}/.lima/*/lima.yaml"]}"#, 1, "It reads files of your home"),
            (r#"{"processes":["qemu-system-*"]}"#, 1, "Command lines"),
            (
                r#"{"network":true,"processes":["qemu-system-*"]}"#,
                3,
                "It reads and has the network",
            ),
        ];
        for (needs, count, first) in rows {
            let manifest = manifest(needs);
            let warnings = manifest.warnings(false);
            assert_eq!(warnings.len(), count, "{needs}");
            assert!(warnings.first().unwrap_or(&"").starts_with(first), "{needs}");
            let unconfined = manifest.warnings(true);
            assert!(unconfined[0].starts_with("Where files cannot be confined"), "{needs}");
            assert_eq!(unconfined[1..], warnings, "{needs}");
        }
    }

    #[test]
    fn reads_what_was_agreed_to_by_the_rules_of_manifests() {
        let rows = [
            (json!({"needs": {"network": true}, "gateway": ["/"]}), ""),
            (json!({"needs": {}, "needs_macos": {"exec": ["/usr/sbin/arp"]}}), ""),
            (json!({}), "not written as"),
            (json!([]), "no needs"),
            (json!({"needs": {"network": false}}), "not written as"),
            (json!({"needs": {}, "id": "another"}), "not written as"),
            (json!({"needs": {"kernel": true}}), "unknown field `kernel`"),
            (json!({"needs": {"read_files": ["/etc/*"]}}), "may not name \"/etc/*\""),
            (json!({"needs": {}, "needs_macos": {"exec": ["/tmp/x"]}}), "may not name"),
            (json!({"needs": {}, "gateway": ["/x?reboot"]}), "`gateway` holds"),
            (json!({"needs": {"processes": ["qemu-system-*"]}}), ""),
            (json!({"needs": {"processes": ["*"]}}), "at least 4 bytes"),
        ];
        for (agreed, expected) in rows {
            let error = Manifest::of_agreed("lucky", "1", &agreed).err();
            let error = error.map_or_else(String::new, |error| error.to_string());
            assert!(
                error.contains(expected) && error.is_empty() == expected.is_empty(),
                "{agreed}: {error}"
            );
        }
        assert!(Manifest::of_agreed("../x", "1", &json!({"needs": {}})).is_err());
    }

    #[test]
    fn files_of_home_and_processes_are_said_plainly() {
        let needs = r#"{"read_files":["{home}/.lima/*/lima.yaml","/etc/hosts"],
            "processes":["qemu-system-*","qemu-kvm"]}"#;
        let words = manifest(needs).needs_in_words(|page| page.path.clone());
        let expected = [
            "names VMs, and says where and as whom `vm ssh` reaches them",
            "reads ~/.lima/*/lima.yaml",
            "reads /etc/hosts",
            "sees the command lines of qemu-system-* processes",
            "sees the command lines of qemu-kvm processes",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn what_is_agreed_to_names_each_need_that_is_asked_for() {
        let expected = json!({"needs": {"network": true, "read_files": ["{console}"]}});
        let text = r#"{"network":true,"exec":[],"read_files":["{console}"]}"#;
        assert_eq!(manifest(text).agreed_needs(), expected);
    }
}
