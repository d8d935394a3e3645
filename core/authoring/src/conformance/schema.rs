//! The schema of a plugin's configuration, as far as a plugin of vmkit needs one.

use serde_json::Value;

/// The types of JSON Schema.
const TYPES: [&str; 7] = ["string", "integer", "number", "boolean", "array", "object", "null"];

/// What is wrong with a configuration's schema, each in a sentence.
pub(super) fn faults(schema: &Value) -> Vec<String> {
    if schema.is_null() {
        return vec!["the manifest has no `config_schema`".to_owned()];
    }
    let mut faults = Vec::new();
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        faults.push("its `type` is not `object`".to_owned());
    }
    match schema.get("properties") {
        None => {}
        Some(Value::Object(properties)) => {
            for (name, property) in properties {
                faults.extend(fault_of(name, property));
            }
        }
        Some(_) => faults.push("its `properties` are not an object".to_owned()),
    }
    faults
}

fn fault_of(name: &str, property: &Value) -> Option<String> {
    let Some(kind) = property.get("type") else {
        // Another way of saying what is allowed.
        let says = ["enum", "const", "anyOf", "oneOf", "$ref"];
        let is_said = says.iter().any(|key| property.get(key).is_some());
        return (!is_said).then(|| format!("`{name}` has no `type`"));
    };
    let kinds: Vec<&str> = match kind {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if kinds.is_empty() || !kinds.iter().all(|kind| TYPES.contains(kind)) {
        return Some(format!("`{name}` has the type {kind}, which JSON Schema does not know"));
    }
    let default = property.get("default")?;
    let fits = kinds.iter().any(|kind| is_of(kind, default));
    (!fits).then(|| format!("the default of `{name}`, {default}, is not of its type"))
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_describes_an_object_whose_defaults_have_their_types() {
        let property = |property: Value| json!({"type": "object", "properties": {"a": property}});
        let rows = [
            (json!({"type": "object"}), ""),
            (Value::Null, "no `config_schema`"),
            (json!({}), "`type` is not `object`"),
            (json!({"type": "object", "properties": []}), "not an object"),
            (property(json!({"type": "integer", "default": 3})), ""),
            (property(json!({"type": ["string", "null"], "default": null})), ""),
            (property(json!({"enum": ["a", "b"]})), ""),
            (property(json!({})), "`a` has no `type`"),
            (property(json!({"type": "text"})), "does not know"),
            (property(json!({"type": "integer", "default": "3"})), "is not of its type"),
        ];
        for (schema, expected) in rows {
            let faults = faults(&schema).join("; ");
            assert!(faults.contains(expected), "{schema}: {faults}");
            assert_eq!(faults.is_empty(), expected.is_empty(), "{schema}: {faults}");
        }
    }
}
