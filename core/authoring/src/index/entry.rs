//! One plugin of an index.

use std::{cmp::Reverse, env::consts};

use serde::Deserialize;
use vmkit_types::escaped;
use vmkit_wire::EPOCH;

use super::{IndexError, order::Order};
use crate::Name;

/// Longest summary that is shown, in bytes.
const LONGEST: usize = 300;
/// Most versions of one plugin.
const MOST_VERSIONS: usize = 200;
/// The platform of a file that runs on all, such as a program in Python.
const ANY: &str = "any";

/// One plugin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its id.
    pub name: String,
    /// What it does, in one line.
    pub summary: String,
    /// Its files, by version and platform.
    #[serde(default)]
    pub versions: Vec<Version>,
}

/// One file of a plugin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Its version.
    pub version: String,
    /// The first and the last epoch of the plugin interface that it runs with.
    pub epoch: [u32; 2],
    /// Architecture and system, such as `x86_64-linux`, or `any`.
    pub platform: String,
    /// Where the file is in the index, as a path without `..`.
    #[serde(default)]
    pub path: Option<String>,
    /// Where the file is otherwise.
    #[serde(default)]
    pub url: Option<String>,
    /// The SHA-256 of the file, as 64 hexadecimal digits.
    pub sha256: String,
    /// What its manifest asks for, in its own words; the file may ask for less.
    #[serde(default)]
    pub needs: toml::Table,
    /// The same on macOS, where that differs.
    #[serde(default)]
    pub needs_macos: Option<toml::Table>,
    /// The pages of the gateway that it asks for.
    #[serde(default)]
    pub gateway: Vec<String>,
}

impl Entry {
    /// The entry in the file of this name.
    ///
    /// # Errors
    /// It is not one, or it is another plugin's.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, IndexError> {
        let invalid = |why: String| IndexError::Entry { name: escaped(name), why: escaped(&why) };
        let entry: Self =
            toml::from_str(text).map_err(|error| invalid(error.message().to_owned()))?;
        if entry.name != name || name.parse::<Name>().is_err() {
            return Err(invalid(format!("the file {name}.toml names another plugin")));
        }
        if entry.summary.len() > LONGEST || entry.versions.len() > MOST_VERSIONS {
            return Err(invalid("it is too long".to_owned()));
        }
        if let Some(odd) = entry.versions.iter().find(|version| !version.is_plain()) {
            return Err(invalid(format!("{:?} is no version", odd.version)));
        }
        Ok(entry)
    }

    /// Its newest version that runs on this computer with this program, or the wanted one.
    ///
    /// # Errors
    /// No such version is for this computer.
    pub fn newest_here(&self, wanted: Option<&str>) -> Result<&Version, IndexError> {
        let platform = here();
        let is_wanted = |version: &Version| wanted.is_none_or(|wanted| wanted == version.version);
        let here = self.versions.iter().filter(|version| version.runs_on(&platform));
        let here = here.filter(|version| is_wanted(version));
        here.min_by_key(|version| Reverse(Order::of(&version.version))).ok_or_else(|| {
            let all = self.versions.iter().map(|version| {
                let [first, last] = version.epoch;
                format!("{} is for {}, epoch {first} to {last}", version.version, version.platform)
            });
            let all: Vec<String> = all.take(8).collect();
            IndexError::NotHere {
                name: self.name.clone(),
                why: escaped(&format!("this is {platform}, epoch {EPOCH}; {}", all.join("; "))),
            }
        })
    }

    /// Whether each of these words is in its name or summary.
    pub(super) fn has(&self, words: &[String]) -> bool {
        let text = format!("{} {}", self.name, self.summary).to_lowercase();
        words.iter().all(|word| text.contains(&word.to_lowercase()))
    }
}

impl Version {
    /// Whether the version may stand in a command.
    fn is_plain(&self) -> bool {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
        self.version.starts_with(|c: char| c.is_ascii_digit()) && self.version.chars().all(is_plain)
    }

    fn runs_on(&self, platform: &str) -> bool {
        let [first, last] = self.epoch;
        let fits = self.platform == ANY || self.platform == platform;
        fits && (first..=last).contains(&EPOCH)
    }
}

/// The platform of this program.
fn here() -> String {
    format!("{}-{}", consts::ARCH, consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(versions: &[(&str, &str, [u32; 2])]) -> Entry {
        let version = |(version, platform, epoch): &(&str, &str, [u32; 2])| {
            format!(
                "[[versions]]\nversion = \"{version}\"\nplatform = \"{platform}\"\n\
                 epoch = [{}, {}]\npath = \"x.so\"\nsha256 = \"\"\n",
                epoch[0], epoch[1]
            )
        };
        let versions: String = versions.iter().map(version).collect();
        let text = format!("name = \"lucky\"\nsummary = \"Addresses by Luck\"\n{versions}");
        Entry::parse("lucky", &text).unwrap()
    }

    #[test]
    fn takes_the_newest_version_that_runs_here() {
        let here = here();
        let rows = [
            (vec![("0.9.0", here.as_str(), [1, 1]), ("0.10.0", here.as_str(), [1, 1])], "0.10.0"),
            (vec![("1.0.0", "any", [1, 1]), ("1.0.0-rc.1", "any", [1, 1])], "1.0.0"),
            (vec![("1.0.0", "any", [1, 2]), ("2.0.0", "vax-vms", [1, 1])], "1.0.0"),
            (vec![("1.0.0", here.as_str(), [2, 9])], "epoch 2 to 9"),
            (vec![], "this is"),
        ];
        for (versions, expected) in rows {
            let entry = entry(&versions);
            let newest = entry.newest_here(None).map(|version| version.version.clone());
            let shown = newest.unwrap_or_else(|why| why.to_string());
            assert!(shown.contains(expected), "{versions:?}: {shown}");
        }
    }

    #[test]
    fn finds_words_in_names_and_summaries() {
        let has = |words: &[&str]| {
            entry(&[]).has(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert!(has(&[]) && has(&["LUCK"]) && has(&["lucky", "addresses"]));
        assert!(!has(&["lucky", "router"]));
    }

    #[test]
    fn refuses_an_entry_that_is_another_plugins_or_has_unknown_words() {
        let text = "name = \"lucky\"\nsummary = \"\"\nversions = []\n";
        assert!(Entry::parse("lucky", text).is_ok());
        for (name, text) in [
            ("other", text.to_owned()),
            ("../lucky", text.replace("lucky", "../lucky")),
            ("lucky", format!("{text}trusted = true\n")),
            ("lucky", "\u{1b}[2J".to_owned()),
            ("lucky", text.replace("versions = []", "[[versions]]\nversion = \"1$(reboot)\"\nplatform = \"any\"\nepoch = [1, 1]\nsha256 = \"\"")),
        ] {
            let why = Entry::parse(name, &text).unwrap_err().to_string();
            assert!(!why.contains('\u{1b}'), "{why:?}");
        }
    }
}
