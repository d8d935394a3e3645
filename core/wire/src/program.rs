//! The program of a plugin that is not a library, as its manifest names it.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

/// How the name of a manifest ends that lies beside its program.
pub const MANIFEST_ENDING: &str = ".plugin.json";
/// Largest manifest, in bytes, its configuration schema included.
pub const MANIFEST_LIMIT: u64 = 64 << 10;
/// What is hashed for a plugin whose manifest and program have these hashes. No library begins like this.
pub fn joint_hash_input(manifest: impl Display, program: impl Display) -> String {
    format!("vmkit plugin\nmanifest {manifest}\nprogram {program}\n")
}

/// Longest name and argument, in bytes.
const LONGEST: usize = 100;
/// Most arguments of an interpreter.
const MOST_ARGUMENTS: usize = 16;

/// The program of a plugin, in the directory of its manifest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Name of its file, without a directory.
    pub file: String,
    /// Absolute path of the program that runs it, such as `/usr/bin/python3`. Without one, the file is
    /// machine code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
    /// Arguments of the interpreter, before the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
}

impl Program {
    /// What runs, as a plain sentence.
    pub(crate) fn in_words(&self) -> String {
        match &self.interpreter {
            None => format!("is the program {}", self.file),
            Some(interpreter) => {
                let words = self.arguments.iter().map(|word| format!(" {word}"));
                format!(
                    "is the program {}, run by {interpreter}{}",
                    self.file,
                    words.collect::<String>()
                )
            }
        }
    }

    /// Why a manifest may not name this program, if it may not.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_name = (1..=LONGEST).contains(&self.file.len())
            && self.file.bytes().all(letter)
            && !self.file.starts_with(['.', '-']);
        if !is_name {
            return Some(
                "`file` is a name in the manifest's directory: letters, digits, `.`, `_`, `-`",
            );
        }
        if self.interpreter.as_ref().is_some_and(|path| !is_plain_path(path)) {
            return Some("`interpreter` is an absolute path");
        }
        let plain = |text: &String| text.len() <= LONGEST && !text.contains(char::is_control);
        if self.arguments.len() > MOST_ARGUMENTS || !self.arguments.iter().all(plain) {
            return Some("`arguments` holds at most 16 words of at most 100 bytes");
        }
        if self.interpreter.is_none() && !self.arguments.is_empty() {
            return Some("`arguments` are those of an interpreter, and it names none");
        }
        None
    }
}

fn is_plain_path(path: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    let parts = path.strip_prefix('/').map(|rest| rest.split('/').all(is_part));
    parts == Some(true) && path.len() <= LONGEST && !path.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_runs() {
        let rows = [
            (r#"{"file":"a"}"#, "is the program a"),
            (
                r#"{"file":"a.py","interpreter":"/usr/bin/python3","arguments":["-I","-S"]}"#,
                "is the program a.py, run by /usr/bin/python3 -I -S",
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(serde_json::from_str::<Program>(text).unwrap().in_words(), expected);
        }
    }

    #[test]
    fn a_manifest_names_a_program_beside_it() {
        let rows = [
            (r#"{"file":"a.py","interpreter":"/usr/bin/python3","arguments":["-I"]}"#, ""),
            (r#"{"file":"router"}"#, ""),
            (r#"{"file":""}"#, "`file` is a name"),
            (r#"{"file":"../a.py"}"#, "`file` is a name"),
            (r#"{"file":"/bin/sh"}"#, "`file` is a name"),
            (r#"{"file":".."}"#, "`file` is a name"),
            (r#"{"file":"-c"}"#, "`file` is a name"),
            (r#"{"file":"a b"}"#, "`file` is a name"),
            (r#"{"file":"a","interpreter":"python3"}"#, "`interpreter` is an absolute path"),
            (r#"{"file":"a","interpreter":"/usr/../x"}"#, "`interpreter` is an absolute path"),
            (r#"{"file":"a","interpreter":"/bin/sh","arguments":["\n"]}"#, "`arguments` holds"),
            (r#"{"file":"a","arguments":["-x"]}"#, "`arguments` are those of an interpreter"),
        ];
        for (text, expected) in rows {
            let program: Program = serde_json::from_str(text).unwrap();
            let fault = program.fault().unwrap_or_default();
            assert!(
                fault.starts_with(expected) && fault.is_empty() == expected.is_empty(),
                "{text}: {fault}"
            );
        }
        assert!(serde_json::from_str::<Program>(r#"{"file":"a","shell":true}"#).is_err());
    }
}
