//! YAML: what is found in it, and what is refused.

use serde_json::json;
use vmkit_formats::{MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_TEXT, yaml};

#[test]
fn reads_values_by_the_core_schema() {
    let rows = [
        ("", json!(null)),
        ("# only a comment\n", json!(null)),
        ("~", json!(null)),
        ("[null, Null, '', \"~\"]", json!([null, null, "", "~"])),
        ("[true, False, yes, on, 'true']", json!([true, false, "yes", "on", "true"])),
        ("[60022, -1, +1, 0x1F, 0o17, 017]", json!([60022, -1, 1, 31, 15, 17])),
        ("[18446744073709551615, 18446744073709551616]", json!([u64::MAX, "18446744073709551616"])),
        ("[1.5, .5, 1e3, .inf, 1e999]", json!([1.5, 0.5, 1000.0, ".inf", "1e999"])),
        ("[1.2.3, 2024-05-01, 12:34, 1-2]", json!(["1.2.3", "2024-05-01", "12:34", "1-2"])),
        ("[52:54:00:4b:5e:57, 0x, +]", json!(["52:54:00:4b:5e:57", "0x", "+"])),
        ("!!str 22", json!("22")),
        ("a: !own {b: !own 5}", json!({"a": {"b": "5"}})),
        ("1: a\ntrue: b\n~: c", json!({"1": "a", "true": "b", "~": "c"})),
        ("script: |\n  one\n  two\n", json!({"script": "one\ntwo\n"})),
        ("---\na: 1\n...\n", json!({"a": 1})),
        ("\u{feff}a: 1", json!({"a": 1})),
    ];
    for (text, expected) in rows {
        assert_eq!(yaml::parse(text), Ok(expected), "{text}");
    }
}

#[test]
fn reads_aliases_and_merges_of_tables() {
    let rows = [
        ("[&a 1, *a]", json!([1, 1])),
        ("a: &a {b: 1}\nc: *a", json!({"a": {"b": 1}, "c": {"b": 1}})),
        ("&a a: 1\nb: *a", json!({"a": 1, "b": "a"})),
        ("- &k name\n- {*k : 1}", json!(["name", {"name": 1}])),
        (
            "a: &a {b: 1, c: 2}\nd: {<<: *a, b: 9}",
            json!({"a": {"b": 1, "c": 2}, "d": {"b": 9, "c": 2}}),
        ),
        (
            "- &a {x: 1}\n- &b {x: 2, y: 3}\n- {<<: [*a, *b]}",
            json!([{"x": 1}, {"x": 2, "y": 3}, {"x": 1, "y": 3}]),
        ),
        ("{'<<': 1}", json!({"<<": 1})),
    ];
    for (text, expected) in rows {
        assert_eq!(yaml::parse(text), Ok(expected), "{text}");
    }
}

#[test]
fn refuses_hostile_texts_in_one_line_that_names_what_and_where() {
    let laughs: String = (1..30).fold("a0: &a0 [lol]\n".to_owned(), |text, level| {
        let last = level - 1;
        format!("{text}a{level}: &a{level} [*a{last}, *a{last}, *a{last}, *a{last}]\n")
    });
    let merges: String = (1..40).fold("a0: &a0 {x: {}}\n".to_owned(), |text, level| {
        let last = level - 1;
        format!("{text}a{level}: &a{level} {{<<: *a{last}, l: *a{last}, r: *a{last}}}\n")
    });
    let deep_aliases: String = (1..80).fold("- &a0 []\n".to_owned(), |text, level| {
        format!("{text}- &a{level} [*a{}]\n", level - 1)
    });
    let long = format!("a: &a {}\nb: [{}]", "x".repeat(200_000), "*a, ".repeat(30));
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let blocks: String = (0..70).map(|depth| "  ".repeat(depth) + "a:\n").collect();
    let rows = [
        (laughs, "line 8: has more than 100000 nodes"),
        (merges, "line 14: has more than 100000 nodes"),
        (deep_aliases, "line 64: an alias lies deeper than 64 levels"),
        (long, "line 2: has more than 4194304 bytes of texts"),
        (nested(MAX_DEPTH + 1), "line 1: a list or table lies deeper than 64 levels"),
        (nested(100_000), "line 1: recursion limit exceeded"),
        (blocks, "line 65: a list or table lies deeper than 64 levels"),
        ("a: 1\nb: 2\na: 3".to_owned(), "line 3: has the key `a` twice"),
        ("&a [*a]".to_owned(), "line 1: has an alias of a node around it"),
        ("[*a]".to_owned(), "line 1: "),
        ("? [a]\n: b".to_owned(), "line 1: has a list or a table as a key"),
        ("{<<: 1}".to_owned(), "line 1: merges what is not a table"),
        ("a: 1\n---\nb: 2".to_owned(), "line 2: has a second document"),
        ("a: 'open\n".to_owned(), "line "),
        ("a: b: c".to_owned(), "line 1: "),
        ("a:\n\t- b\n  c".to_owned(), "line "),
        ("x".repeat(MAX_TEXT + 1), "line 1: has a text of more than 262144 bytes"),
        ("- x\n".repeat(MAX_NODES), "line 100000: has more than 100000 nodes"),
    ];
    for (text, expected) in rows {
        let error = yaml::parse(&text).unwrap_err().to_string();
        let shown: String = text.chars().take(200).collect();
        assert!(
            error.starts_with(&format!("YAML, {expected}")),
            "{shown}\n{error}\nnot {expected}"
        );
        assert!(!error.contains('\n') && error.len() < 300, "{error}");
    }
    assert_eq!(yaml::parse(b"a: 1\n\xff").unwrap_err().to_string(), "YAML, line 2: is not UTF-8");
    let error = yaml::parse(vec![b' '; MAX_BYTES + 1]).unwrap_err().to_string();
    assert_eq!(error, "YAML: has 4194305 bytes, more than 4194304");
}

#[test]
fn reads_texts_at_the_bounds() {
    let nested = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(yaml::parse(nested).is_ok());
    assert!(yaml::parse("x".repeat(MAX_TEXT)).is_ok());
    assert!(yaml::parse("- x\n".repeat(MAX_NODES - 1)).is_ok());
}
