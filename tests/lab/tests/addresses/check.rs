//! Compares the answers of `vm status` with a scenario.

use serde_json::Value;
use vmkit_lab::Lab;

use crate::{
    account::{Account, disagreement},
    corpus,
    scenario::{DOUBTFUL, Expected, Scenario},
};

impl Scenario {
    /// Compares the live answers with the expected ones, and a record with the live answers before and
    /// after it.
    pub(crate) fn check(&self, lab: &Lab) {
        let live = report(lab, &["status", "--json"]);
        self.assert_expected(&live, "live");
        // The first look spoke with the guests, and the ARP table knows them now.
        let before = report(lab, &["status", "--json"]);
        let directory = lab.folder().join("snapshot");
        let path = directory.to_str().expect("a plain path");
        let saved = lab.vm(&["snapshot", "save", path]).expect("a record");
        assert!(saved.status.success(), "{saved:#?}");
        let replayed = report(lab, &["status", "--json", "--from", path]);
        self.assert_expected(&replayed, "replayed");
        let after = report(lab, &["status", "--json"]);
        if let Some(difference) = disagreement(&before, &replayed, &after) {
            let [before, replayed, after] = [before, replayed, after].map(|report| shown(&report));
            panic!(
                "{}: {difference}\nbefore:\n{before}\nreplayed:\n{replayed}\nafter:\n{after}",
                self.name
            );
        }
        corpus::keep(self, &directory);
    }

    fn assert_expected(&self, report: &Value, run: &str) {
        let wrong: Vec<String> =
            self.machines.iter().filter_map(|expected| expected.differs(report)).collect();
        assert!(wrong.is_empty(), "{}, {run}: {}\n{}", self.name, wrong.join("\n"), shown(report));
    }
}

/// A document that `vm` prints in the lab.
fn report(lab: &Lab, arguments: &[&str]) -> Value {
    let finished = lab.vm(arguments).expect("a status");
    serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("no JSON ({error}): {finished:#?}"))
}

/// The accounts of all machines and the plugins that did not do their work, for a person.
fn shown(report: &Value) -> String {
    let machines = report["vms"].as_array().into_iter().flatten();
    let accounts = machines.map(|machine| Account::of(machine).to_string());
    let plugins = report["plugins"].as_array().into_iter().flatten();
    let idle = plugins.filter(|plugin| plugin["status"] != "ok");
    accounts.chain(idle.map(|plugin| format!("{plugin}\n"))).collect()
}

impl Expected {
    /// How the report differs from what is expected of this machine.
    fn differs(&self, report: &Value) -> Option<String> {
        let machines = report["vms"].as_array().into_iter().flatten();
        let machine = machines.into_iter().find(|machine| machine["name"] == self.name)?;
        let found = (machine["verdict"].as_str()?, machine["ip"].as_str());
        let account = Account::of(machine);
        let lacks = |what: &str| Some(format!("{} lacks {what}", self.name));
        let (verdict, ip) = found;
        let right = if self.verdict == DOUBTFUL {
            verdict != "resolved" && (ip.is_none() || ip == self.ip)
        } else {
            found == (self.verdict, self.ip)
        };
        if !right {
            return Some(format!("{} is {found:?}, not {:?}", self.name, (self.verdict, self.ip)));
        }
        for (address, flags) in self.flags {
            let Some(candidate) = account.candidate(address) else { return lacks(address) };
            let missing = flags.iter().any(|flag| !candidate.flags.contains(flag));
            if missing || flags.is_empty() != candidate.flags.is_empty() {
                return Some(format!("{address} is {:?}, not {flags:?}", candidate.flags));
            }
        }
        for (address, says) in self.says {
            let Some(candidate) = account.candidate(address) else { return lacks(address) };
            if !candidate.tells(says) {
                return lacks(&format!("{says:?} at {address}"));
            }
        }
        let missing =
            self.notes.iter().find(|part| !account.notes.iter().any(|n| n.contains(*part)));
        missing.and_then(|part| lacks(&format!("the note {part:?}")))
    }
}
