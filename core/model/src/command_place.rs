//! Where the commands look that are shown to be pasted.

/// Commands of `vm` that can answer from a snapshot.
const ANSWER_FROM_RECORD: [&str; 4] = ["status", "resolve", "doctor", "hosts-sync"];
/// Commands of `vm` that look at no data directory.
const WITHOUT_MACHINES: [&str; 3] = ["explain", "plugin", "completion"];
/// The option before a command that takes a value.
const TIMEOUT: &str = "--timeout";

/// What a command that is shown needs beside its own words, so that it means the same where it is pasted. The
/// default adds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandPlace {
    /// The path of this program, where sudo does not find it by its name.
    pub path_for_sudo: Option<String>,
    /// The data directory, where the command would look at another one.
    pub data_dir: Option<String>,
    /// Only a command by sudo looks at another one, since sudo passes no environment.
    pub only_sudo_loses_it: bool,
    /// The configuration file that was named.
    pub config: Option<String>,
    /// The snapshot that was looked at. It has its own machines.
    pub record: Option<String>,
}

impl CommandPlace {
    /// The words of a command of `vm`, with `sudo` before them or not, that looks at the same place. Those of
    /// other programs stay.
    #[must_use]
    pub fn words<S: AsRef<str>>(&self, words: &[S]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(|word| word.as_ref().to_owned()).collect();
        let sudo = words.first().is_some_and(|word| word == "sudo");
        let Some((program, rest)) = words.get(usize::from(sudo)..).and_then(<[_]>::split_first)
        else {
            return words;
        };
        if program != "vm" {
            return words;
        }
        let path = self.path_for_sudo.clone().filter(|_| sudo);
        let mut placed: Vec<String> = sudo.then(|| "sudo".to_owned()).into_iter().collect();
        placed.push(path.unwrap_or_else(|| program.clone()));
        let verb = verb(rest);
        let named = rest.get(verb).map(String::as_str).unwrap_or_default();
        placed.extend(self.options(sudo, named));
        let (before, arguments) = rest.split_at(verb.min(rest.len()));
        placed.extend_from_slice(before);
        let record = self.record.as_ref().filter(|_| ANSWER_FROM_RECORD.contains(&named));
        let Some(record) = record else {
            placed.extend_from_slice(arguments);
            return placed;
        };
        let option = arguments.iter().position(|word| word.starts_with('-'));
        let (targets, options) = arguments.split_at(option.unwrap_or(arguments.len()));
        placed.extend_from_slice(targets);
        placed.extend(["--from".to_owned(), record.clone()]);
        placed.extend_from_slice(options);
        placed
    }

    /// What stands before the command of this name.
    fn options(&self, sudo: bool, named: &str) -> Vec<String> {
        let looks = self.record.is_none() && !WITHOUT_MACHINES.contains(&named);
        let lost = looks && (sudo || !self.only_sudo_loses_it);
        let data_dir = self.data_dir.as_ref().filter(|_| lost);
        let options = [("--data-dir", data_dir), ("--config", self.config.as_ref())];
        let given = options.into_iter().filter_map(|(option, value)| Some((option, value?)));
        given.flat_map(|(option, value)| [option.to_owned(), value.clone()]).collect()
    }
}

/// The place of the command behind the options of all commands.
fn verb(words: &[String]) -> usize {
    let mut place = 0;
    while let Some(word) = words.get(place).filter(|word| word.starts_with('-')) {
        place += if word == TIMEOUT { 2 } else { 1 };
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_pasted_looks_at_the_same_place() {
        let nowhere = CommandPlace::default();
        let flag = CommandPlace {
            path_for_sudo: Some("/opt/vm".to_owned()),
            data_dir: Some("/d".to_owned()),
            config: Some("/c".to_owned()),
            ..CommandPlace::default()
        };
        let environment = CommandPlace { only_sudo_loses_it: true, config: None, ..flag.clone() };
        let record = CommandPlace { record: Some("/r".to_owned()), config: None, ..flag.clone() };
        let rows = [
            (&nowhere, "sudo vm start web", "sudo vm start web"),
            (&flag, "vm start web", "vm --data-dir /d --config /c start web"),
            (&flag, "sudo vm start web", "sudo /opt/vm --data-dir /d --config /c start web"),
            (&flag, "sudo ip link set tap1 up", "sudo ip link set tap1 up"),
            (&flag, "vm plugin list", "vm --config /c plugin list"),
            (
                &flag,
                "vm --timeout 5 -v status",
                "vm --data-dir /d --config /c --timeout 5 -v status",
            ),
            (&environment, "vm start web", "vm start web"),
            (&environment, "sudo vm start web", "sudo /opt/vm --data-dir /d start web"),
            (&record, "vm status web --explain", "vm status web --from /r --explain"),
            (&record, "vm -vv status", "vm -vv status --from /r"),
            (&record, "vm explain no-lease", "vm explain no-lease"),
            (&record, "vm", "vm"),
            (&record, "", ""),
        ];
        for (place, line, expected) in rows {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(place.words(&words).join(" "), expected, "{line}");
        }
    }
}
