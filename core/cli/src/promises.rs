//! Every command of `vm` that a message, a page or the README names is one that it has.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Command, CommandFactory as _};

use crate::arguments::Arguments;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Where users read: messages and help are in sources, remedies and advice in data.
const PLACES: [&str; 4] = ["core", "plugins", "docs", "README.md"];
/// Fewer commands than these would mean that the search is broken.
const LEAST_FOUND: usize = 80;

#[test]
fn every_command_that_is_named_exists() {
    let mut vm = Arguments::command();
    vm.build();
    let (mut found, mut wrong) = (0, Vec::new());
    for place in PLACES {
        for file in files(&Path::new(ROOT).join(place)) {
            let text = fs::read_to_string(&file).expect("a text of the project");
            // No user reads what tests say.
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            for line in code.lines() {
                for command in commands(line) {
                    found += 1;
                    if let Err(word) = check(&vm, &command) {
                        wrong.push(format!("{}: `{word}` of {line}", file.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found >= LEAST_FOUND, "{found} commands found");
}

#[test]
fn a_command_is_found_wherever_it_is_offered_and_checked_to_its_last_option() {
    let mut vm = Arguments::command();
    vm.build();
    let rows: [(&str, &[&str], Result<(), &str>); 12] = [
        ("off is stopped; next: vm begin off", &["begin off"], Err("begin")),
        ("see `vm plugin pin ID`", &["plugin pin ID"], Err("pin")),
        ("$ sudo vm doctor {name} --prvoke", &["doctor {name} --prvoke"], Err("--prvoke")),
        ("vm status web --explain", &["status web --explain"], Ok(())),
        ("vm resolve web --explain", &["resolve web --explain"], Err("--explain")),
        ("`vm -v`, `vm -x`", &["-v", "-x"], Err("-x")),
        ("$ vm --data-dir start status", &["--data-dir start status"], Ok(())),
        ("vm ssh web -- vm start", &["ssh web -- vm start"], Ok(())),
        ("format!(\"vm {verb} {name}\")", &["{verb} {name}"], Ok(())),
        ("vm doctor web --fix=join-bridge", &["doctor web --fix=join-bridge"], Ok(())),
        ("for vm in machines {", &[], Ok(())),
        ("of the vm-toolkit scripts", &[], Ok(())),
    ];
    for (line, expected, right) in rows {
        let found = commands(line);
        assert_eq!(found, expected, "{line}");
        let checked = found.iter().try_for_each(|command| check(&vm, command));
        assert_eq!(checked, right.map_err(str::to_owned), "{line}");
    }
}

/// All texts below a place, but for those of tests and benches and for this file, which names
/// commands that do not exist.
fn files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        let text = ["rs", "md", "toml", "json"]
            .iter()
            .any(|kind| place.extension().is_some_and(|e| e == *kind));
        let this = place.ends_with("promises.rs");
        return if text && !this { vec![place.to_owned()] } else { Vec::new() };
    }
    let of_tests = ["tests", "benches"].iter().any(|name| place.ends_with(name));
    if of_tests {
        return Vec::new();
    }
    let entries = fs::read_dir(place).expect("a folder of the project");
    entries.flat_map(|entry| files(&entry.expect("an entry").path())).collect()
}

/// What follows `vm` wherever a line offers it as a command.
fn commands(line: &str) -> Vec<String> {
    let starts = line.match_indices("vm ").filter(|(at, _)| is_offered(&line[..*at]));
    let ends = |c: char| "`\"|;)<>#&,".contains(c);
    let rest = starts.map(|(at, _)| line[at + 3..].split(ends).next().unwrap_or_default());
    rest.map(|rest| rest.trim().to_owned()).filter(|rest| !rest.is_empty()).collect()
}

/// Whether a command, and no sentence about `vm`, follows this.
fn is_offered(before: &str) -> bool {
    let lead = before.trim_end();
    let begins = before.is_empty() || before.ends_with(['`', '"', '(']);
    let follows = before.ends_with(' ') && lead.ends_with(['$', ':']);
    let is_line = lead.is_empty();
    let raised =
        lead.strip_suffix("sudo").is_some_and(|more| is_offered(more) || more.ends_with('`'));
    begins || follows || is_line || raised
}

/// The first word of a command that this version does not know.
fn check(vm: &Command, command: &str) -> Result<(), String> {
    let (mut at, mut words) = (vm, command.split_whitespace());
    while let Some(word) = words.next() {
        let word = word.trim_matches(['[', ']', '.', ':', '\'', '\\']);
        if word == "--" || word.starts_with('{') && at.has_subcommands() {
            return Ok(());
        }
        if word.starts_with('-') {
            let name = word.split('=').next().unwrap_or(word);
            let mut options = at.get_arguments().chain(vm.get_arguments());
            let known = options.find(|option| {
                let short = option.get_short().map(|short| format!("-{short}"));
                let long = option.get_long().map(|long| format!("--{long}"));
                // Short options that are repeated, such as -vv, are one.
                let repeated = short.as_ref().is_some_and(|short| {
                    name.len() > 2
                        && !name.starts_with("--")
                        && name.trim_end_matches(&short[1..]) == "-"
                });
                short.as_deref() == Some(name) || long.as_deref() == Some(name) || repeated
            });
            let Some(option) = known else { return Err(name.to_owned()) };
            if option.get_action().takes_values()
                && !word.contains('=')
                && !option.is_require_equals_set()
            {
                words.next();
            }
        } else if at.has_subcommands() {
            at = at.find_subcommand(word).ok_or_else(|| word.to_owned())?;
        }
    }
    Ok(())
}
