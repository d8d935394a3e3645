//! JSON within the bounds.

use serde_json::json;
use vmkit_formats::{MAX_DEPTH, MAX_NODES, MAX_TEXT, json::parse};

#[test]
fn reads_documents_and_refuses_those_past_the_bounds() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let long = |length: usize| format!("\"{}\"", "x".repeat(length));
    let many = |nodes: usize| format!("[{}]", vec!["0"; nodes - 1].join(","));
    let rows = [
        (
            nested(MAX_DEPTH),
            nested(MAX_DEPTH + 1),
            "JSON: a list or table lies deeper than 64 levels",
        ),
        (long(MAX_TEXT), long(MAX_TEXT + 1), "JSON: has a text of more than 262144 bytes"),
        (many(MAX_NODES), many(MAX_NODES + 1), "JSON: has more than 100000 nodes"),
        (
            "{}".to_owned(),
            nested(100_000),
            "JSON, line 1: recursion limit exceeded at line 1 column 128",
        ),
        (
            "[1]".to_owned(),
            "[\n1".to_owned(),
            "JSON, line 2: EOF while parsing a list at line 2 column 1",
        ),
    ];
    for (within, past, error) in rows {
        assert!(parse(within.as_bytes()).is_ok(), "{error}");
        assert_eq!(parse(past.as_bytes()).unwrap_err().to_string(), error);
    }
    assert_eq!(parse(br#"{"a": [1, null]}"#), Ok(json!({"a": [1, null]})));
}
