//! The JSON Schema of the line protocol in docs/schema is that of its types.

use std::{env, fs, path::Path};

#[test]
fn the_schema_file_of_the_line_protocol_matches_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    let file = folder.join("vmkit.plugin-protocol.1.json");
    let schema = vmkit_wire::line_schema();
    if env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&file, &schema).expect("write the schema");
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    let command = "UPDATE_SCHEMA=1 cargo test -p vmkit-wire --test schema";
    assert!(written == schema, "the schema differs; if that is meant: {command}\n{schema}");
}
