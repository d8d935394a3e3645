//! Processes of this computer that an inventory asks for.

use super::{Attributes, attribute, value};

/// Names of the attributes.
const PID: &str = "pid";
const USER: &str = "user";
const DIRECTORY: &str = "directory";
const ARGUMENT: &str = "argument";

/// A process that runs a program of the manifest's `processes`.
///
/// ```
/// use vmkit_types::ProcessAnswer;
///
/// let process = ProcessAnswer {
///     pid: 7,
///     user: Some(1000),
///     directory: None,
///     arguments: vec!["qemu-system-x86_64".into(), "-name".into(), "web".into()],
/// };
/// assert_eq!(ProcessAnswer::from_attributes(&process.attributes()), Some(process));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessAnswer {
    /// Its number.
    pub pid: u32,
    /// Its user, where that could be seen.
    pub user: Option<u32>,
    /// Its working directory, where that could be seen: relative paths of its arguments begin there.
    pub directory: Option<String>,
    /// Its command line, the program first. Its user chose it, so it proves nothing.
    pub arguments: Vec<String>,
}

impl ProcessAnswer {
    /// The process as names and values.
    pub fn attributes(&self) -> Attributes {
        let mut attributes = vec![attribute(PID, &self.pid)];
        attributes.extend(self.user.map(|user| attribute(USER, &user)));
        attributes.extend(self.directory.as_ref().map(|place| attribute(DIRECTORY, place)));
        attributes.extend(self.arguments.iter().map(|word| attribute(ARGUMENT, word)));
        attributes
    }

    /// The process in these names and values; `None`: they are of something else.
    pub fn from_attributes(attributes: &[(String, String)]) -> Option<Self> {
        let words = attributes.iter().filter(|(name, _)| name == ARGUMENT);
        Some(Self {
            pid: value(attributes, PID)?.parse().ok()?,
            user: value(attributes, USER).and_then(|user| user.parse().ok()),
            directory: value(attributes, DIRECTORY).map(ToOwned::to_owned),
            arguments: words.map(|(_, word)| word.clone()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_survives_its_attributes() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let process = ProcessAnswer {
            pid: 7,
            user: Some(1000),
            directory: Some("/vms".to_owned()),
            arguments: words(&["qemu-system-x86_64", "", "-name", "a b"]),
        };
        let unseen = ProcessAnswer { user: None, directory: None, ..process.clone() };
        for process in [process, unseen] {
            assert_eq!(ProcessAnswer::from_attributes(&process.attributes()), Some(process));
        }
        assert_eq!(ProcessAnswer::from_attributes(&[attribute(USER, &7)]), None);
    }
}
