//! The JSON Schemas in docs/schema are those of the types, and the documents keep to them.

mod common;

use std::{collections::BTreeMap, path::Path};

use common::{compare, full, hosts_sync, net, plugin_entries, text, world};
use serde_json::Value;
use vmkit_model::{Mode, Place, Trace, TraceKind};
use vmkit_report::{HostsOutcome, Plugins, SnapshotCheck, schema};

#[test]
fn the_schema_files_match_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    for (name, schema) in schema() {
        compare(&folder.join(name), &schema, "UPDATE_SCHEMA");
    }
}

#[test]
fn documents_have_exactly_the_fields_of_their_schema() {
    let (evidence, full) = (world(), full());
    let catalogue = vmkit_diagnose::Catalogue::builtin().unwrap();
    let vms = vec![
        common::doctor::ailing(&catalogue, "web", ""),
        common::doctor::puzzling(&catalogue, "db"),
        common::doctor::booting(&catalogue, "zoo", common::picks(&evidence).swap_remove(0), ""),
    ];
    let diagnosed = common::doctor::doctor(&catalogue, vms, "");
    let documents = [
        ("vmkit.doctor.1.json", text(|out| diagnosed.write_json(out))),
        ("vmkit.status.1.json", text(|out| full.status(Mode::Full).write_json(out))),
        ("vmkit.plugins.1.json", text(|out| Plugins(plugin_entries()).write_json(out))),
        ("vmkit.resolve.1.json", text(|out| full.resolutions().swap_remove(0).write_json(out))),
        ("vmkit.snapshot-check.1.json", text(|out| snapshot_check().write_json(out))),
        ("vmkit.net.1.json", text(|out| net::networks(&net::wifi()).write_json(out))),
        ("vmkit.hosts.1.json", text(|out| hosts_sync(HostsOutcome::Replaced).write_json(out))),
    ];
    let schemas: BTreeMap<_, _> = schema().into_iter().collect();
    for (name, document) in documents {
        let schema: Value = serde_json::from_str(&schemas[name]).unwrap();
        let document: Value = serde_json::from_str(&document).unwrap();
        check(name, &schema, &schema, &document);
    }
}

fn snapshot_check() -> SnapshotCheck {
    let trace = |place, kind| Trace {
        path: "neigh/arp-an.txt".to_owned(),
        place,
        kind,
        excerpt: "52:54:00:4b:5e:57\x1b[2J".to_owned(),
    };
    let traces = vec![
        trace(Place::File, TraceKind::File),
        trace(Place::Line(3), TraceKind::Mac),
        trace(Place::Packet(1), TraceKind::Payload),
    ];
    SnapshotCheck { directory: "record".to_owned(), traces }
}

/// Compares the names of fields, and the words of enumerations, down the whole document.
fn check(place: &str, root: &Value, schema: &Value, value: &Value) {
    if let Some(target) = schema["$ref"].as_str() {
        let definition = &root["$defs"][target.trim_start_matches("#/$defs/")];
        return check(place, root, definition, value);
    }
    if let (Some(choices), false) = (schema["anyOf"].as_array(), value.is_null()) {
        let given = choices.iter().find(|choice| choice["type"] != "null");
        return check(place, root, given.expect("a choice beside null"), value);
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{place}: {value}");
    }
    if let Some(words) = schema["oneOf"].as_array() {
        assert!(words.iter().any(|word| word["const"] == *value), "{place}: {value}");
    }
    match value {
        Value::Object(fields) => {
            let Some(known) = schema["properties"].as_object() else { return };
            let names: Vec<_> = fields.keys().collect();
            assert_eq!(names, known.keys().collect::<Vec<_>>(), "{place}");
            for (name, value) in fields {
                check(&format!("{place}/{name}"), root, &known[name], value);
            }
        }
        Value::Array(items) => {
            for item in items {
                check(&format!("{place}[]"), root, &schema["items"], item);
            }
        }
        _ => {}
    }
}
