//! Writes an index of the bundled plugins: for each a TOML entry as docs/plugin-index.md describes, and all of
//! them as JSON.

use std::{env::consts, fmt::Write as _, fs, path::Path};

use anyhow::Context;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    stage::{self, Profile},
    workspace::Workspace,
};

/// What a manifest asks for, as an entry lists it.
const ASKED: [&str; 2] = ["needs", "needs_macos"];

/// Builds a release and writes its index into this folder, with the libraries.
pub(crate) fn index(workspace: &Workspace, folder: &Path) -> anyhow::Result<()> {
    let prefix = stage::stage(workspace, Profile::Release)?;
    let files = folder.join("files");
    fs::create_dir_all(&files).with_context(|| format!("cannot make {}", files.display()))?;
    let mut all = Vec::new();
    for plugin in workspace.plugins() {
        let library = prefix.join("lib/vmkit/plugins").join(&plugin.file_name);
        let bytes =
            fs::read(&library).with_context(|| format!("cannot read {}", library.display()))?;
        let manifest = workspace.root().join("plugins").join(&plugin.package).join("plugin.json");
        let manifest =
            fs::read(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
        let manifest: Value = serde_json::from_slice(&manifest).context("a manifest is no JSON")?;
        let entry = entry(&manifest, &plugin.file_name, &bytes);
        let name = entry["name"].as_str().unwrap_or_default();
        fs::write(folder.join(format!("{name}.toml")), text(&entry)).context("cannot write")?;
        fs::write(files.join(&plugin.file_name), &bytes).context("cannot write a library")?;
        all.push(entry);
    }
    let count = all.len();
    let document = serde_json::to_string_pretty(&json!({ "plugins": all }))?;
    fs::write(folder.join("plugins.json"), document + "\n").context("cannot write the JSON")?;
    println!("{} lists {count} plugins", folder.display());
    Ok(())
}

/// The entry of one plugin whose library holds these bytes.
fn entry(manifest: &Value, file: &str, bytes: &[u8]) -> Value {
    let digest = Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    });
    let mut version = json!({
        "version": manifest["version"],
        "epoch": [manifest["epoch"], manifest["epoch"]],
        "platform": format!("{}-{}", consts::ARCH, consts::OS),
        "path": format!("files/{file}"),
        "sha256": digest,
    });
    for key in ASKED {
        if let Some(asked) = manifest.get(key) {
            version[key] = asked.clone();
        }
    }
    let pages = manifest["gateway"].as_array().into_iter().flatten();
    let pages: Vec<&Value> = pages.map(|page| &page["path"]).collect();
    if !pages.is_empty() {
        version["gateway"] = json!(pages);
    }
    json!({ "name": manifest["id"], "summary": manifest["summary"], "versions": [version] })
}

/// The entry as TOML.
fn text(entry: &Value) -> String {
    let lines = |table: &Map<String, Value>| {
        let tables = |(key, _): &(&String, &Value)| key.as_str() != "versions";
        let line = |(key, value): (&String, &Value)| format!("{key} = {}\n", inline(value));
        table.iter().filter(tables).map(line).collect::<String>()
    };
    let mut text = entry.as_object().map(lines).unwrap_or_default();
    for version in entry["versions"].as_array().into_iter().flatten() {
        text += "\n[[versions]]\n";
        text += &version.as_object().map(lines).unwrap_or_default();
    }
    text
}

/// A value within a line. A text of JSON is one of TOML.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let pairs = table.iter().map(|(key, value)| format!("{key} = {}", inline(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => {
            format!("[{}]", list.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use vmkit_authoring::{Index, Place};

    use super::*;

    #[test]
    fn an_index_of_bundled_plugins_can_be_read() {
        let place = tempfile::tempdir().expect("a directory");
        let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
        let mut names = Vec::new();
        for folder in fs::read_dir(plugins).expect("the plugins") {
            let manifest = folder.expect("a folder").path().join("plugin.json");
            let Ok(manifest) = fs::read(manifest) else { continue };
            let manifest = serde_json::from_slice(&manifest).expect("JSON");
            let entry = entry(&manifest, "lib.so", b"bytes");
            let name = entry["name"].as_str().expect("a name").to_owned();
            fs::write(place.path().join(format!("{name}.toml")), text(&entry)).expect("an entry");
            names.push(name);
        }
        names.sort();
        let at = Place::of(place.path().to_str().expect("UTF-8")).expect("a place");
        let index = Index::open(&at, place.path(), place.path()).expect("an index");
        let (entries, problems) = index.search(&[]).expect("entries");
        assert!(problems.is_empty(), "{problems:?}");
        let mut found: Vec<_> = entries.into_iter().map(|entry| entry.name).collect();
        found.sort();
        assert_eq!(found, names);
    }
}
