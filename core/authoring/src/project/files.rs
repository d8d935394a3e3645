//! The files of a project, from templates.

use super::{
    Sdk,
    sdk::CRATES,
    words::{Language, Project, ProjectKind},
};

/// The version of the SDK that belongs to this program.
const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");

/// One file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Path within the project.
    pub(super) path: String,
    /// What it holds.
    pub(super) text: String,
    /// Whether it is a program.
    pub(super) is_program: bool,
}

/// The manifest of a plugin that is a program.
const MANIFEST: &str = "{{name}}.plugin.json";

/// A template: the path of its file in a project, and its text.
type Template = (&'static str, &'static str);

const RUST: [Template; 3] = [
    ("Cargo.toml", include_str!("../../templates/rust/Cargo.toml.txt")),
    ("README.md", include_str!("../../templates/rust/README.md")),
    (".gitignore", include_str!("../../templates/rust/gitignore")),
];
const RUST_SIGNAL: [Template; 3] = [
    ("plugin.json", include_str!("../../templates/rust/signal/plugin.json")),
    ("src/lib.rs", include_str!("../../templates/rust/signal/lib.rs")),
    ("tests/plugin.rs", include_str!("../../templates/rust/signal/test.rs")),
];
const RUST_ADVICE: [Template; 3] = [
    ("plugin.json", include_str!("../../templates/rust/advice/plugin.json")),
    ("src/lib.rs", include_str!("../../templates/rust/advice/lib.rs")),
    ("tests/plugin.rs", include_str!("../../templates/rust/advice/test.rs")),
];
const RUST_INVENTORY: [Template; 3] = [
    ("plugin.json", include_str!("../../templates/rust/inventory/plugin.json")),
    ("src/lib.rs", include_str!("../../templates/rust/inventory/lib.rs")),
    ("tests/plugin.rs", include_str!("../../templates/rust/inventory/test.rs")),
];

const PYTHON: [Template; 1] = [("README.md", include_str!("../../templates/python/README.md"))];
const PYTHON_SIGNAL: [Template; 3] = [
    (MANIFEST, include_str!("../../templates/python/signal/plugin.json")),
    ("{{name}}.py", include_str!("../../templates/python/signal/plugin.py")),
    ("test_plugin.py", include_str!("../../templates/python/signal/test.py")),
];
const PYTHON_INVENTORY: [Template; 3] = [
    (MANIFEST, include_str!("../../templates/python/inventory/plugin.json")),
    ("{{name}}.py", include_str!("../../templates/python/inventory/plugin.py")),
    ("test_plugin.py", include_str!("../../templates/python/inventory/test.py")),
];
const SH: [Template; 1] = [("README.md", include_str!("../../templates/sh/README.md"))];
const SH_SIGNAL: [Template; 3] = [
    (MANIFEST, include_str!("../../templates/sh/signal/plugin.json")),
    ("{{name}}.sh", include_str!("../../templates/sh/signal/plugin.sh")),
    ("test.sh", include_str!("../../templates/sh/signal/test.sh")),
];
const SH_INVENTORY: [Template; 3] = [
    (MANIFEST, include_str!("../../templates/sh/inventory/plugin.json")),
    ("{{name}}.sh", include_str!("../../templates/sh/inventory/plugin.sh")),
    ("test.sh", include_str!("../../templates/sh/inventory/test.sh")),
];

/// The files of this project; `None`: there is no template of this kind in this language.
pub(super) fn files(project: &Project) -> Option<Vec<File>> {
    let (shared, own): (&[Template], &[Template]) = match (project.language, project.kind) {
        (Language::Rust, ProjectKind::Signal) => (&RUST, &RUST_SIGNAL),
        (Language::Rust, ProjectKind::Advice) => (&RUST, &RUST_ADVICE),
        (Language::Rust, ProjectKind::Inventory) => (&RUST, &RUST_INVENTORY),
        (Language::Python, ProjectKind::Signal) => (&PYTHON, &PYTHON_SIGNAL),
        (Language::Python, ProjectKind::Inventory) => (&PYTHON, &PYTHON_INVENTORY),
        (Language::Sh, ProjectKind::Signal) => (&SH, &SH_SIGNAL),
        (Language::Sh, ProjectKind::Inventory) => (&SH, &SH_INVENTORY),
        (Language::Python | Language::Sh, ProjectKind::Advice) => return None,
    };
    let file = |(path, text): &Template| {
        let (path, text) = (filled(path, project), filled(text, project));
        let is_program = [".py", ".sh"].iter().any(|end| path.ends_with(end));
        File { path, text, is_program }
    };
    Some(shared.iter().chain(own).map(file).collect())
}

/// The template with its names in their places. A name holds letters, digits and hyphens only, so that it
/// means nothing else in any of the files.
fn filled(template: &str, project: &Project) -> String {
    let name = &project.name;
    template
        .replace("{{name}}", name.as_str())
        .replace("{{crate}}", &name.snake())
        .replace("{{type}}", &name.camel())
        .replace("{{kind}}", project.kind.code())
        .replace("{{sdk_version}}", SDK_VERSION)
        .replace("{{patch}}", &patch(&project.sdk))
}

/// The part of `Cargo.toml` that puts a checkout in place of the registry.
fn patch(sdk: &Sdk) -> String {
    let Sdk::Checkout(folder) = sdk else { return String::new() };
    let mut text =
        "\n# The SDK of a checkout on this computer, in place of the published one. Remove these \
                    lines to build\n# with the version above.\n[patch.crates-io]\n"
            .to_owned();
    for (name, part) in CRATES {
        let path = folder.join(part).display().to_string();
        let quoted = path.replace('\\', "\\\\").replace('"', "\\\"");
        text.extend([name, " = { path = \"", &quoted, "\" }\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_project_has_a_manifest_that_vm_accepts() {
        let mut made = 0;
        for language in [Language::Rust, Language::Python, Language::Sh] {
            for kind in ProjectKind::ALL {
                let name = "my-plugin".parse().unwrap();
                let project = Project { name, kind, language, sdk: Sdk::Registry };
                let Some(files) = files(&project) else { continue };
                made += 1;
                for file in &files {
                    assert!(!file.text.contains("{{"), "{}: {}", file.path, file.text);
                    assert!(file.text.ends_with('\n'), "{}", file.path);
                }
                let is_manifest = |file: &&File| file.path.ends_with("plugin.json");
                let manifest = files.iter().find(is_manifest).unwrap();
                let manifest: vmkit_wire::Manifest = manifest.text.parse().unwrap();
                assert_eq!(manifest.id, "my-plugin");
                assert_eq!(manifest.kinds.len(), 1);
                assert_eq!(manifest.kinds[0].to_string(), kind.code());
                assert_eq!(manifest.config_schema["type"], "object");
                let program = manifest.program.as_ref().map(|program| program.file.as_str());
                assert_eq!(program.is_some(), language != Language::Rust);
                let is_there = |file: &str| files.iter().any(|it| it.path == file && it.is_program);
                assert!(program.is_none_or(is_there), "{program:?}");
            }
        }
        assert_eq!(made, 7);
    }

    #[test]
    fn a_path_of_a_checkout_stays_one_text_in_cargos_file() {
        let text = patch(&Sdk::Checkout("/home/a\"b/sdk".into()));
        assert!(text.contains(r#"vmkit-types = { path = "/home/a\"b/sdk/types" }"#), "{text}");
        assert_eq!(patch(&Sdk::Registry), "");
    }
}
