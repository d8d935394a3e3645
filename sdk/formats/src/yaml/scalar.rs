//! Words without quotes, by the core schema of YAML 1.2 (section 10.3.2).

use serde_json::{Number, Value};

/// Whether a plain key is the one that merges tables (YAML 1.1, which all managers' readers know).
pub(super) fn is_merge(key: &str) -> bool {
    key == "<<"
}

/// The value of a word without quotes.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let signed = text.parse::<i64>().map(Number::from);
        return signed.or_else(|_| text.parse::<u64>().map(Number::from)).ok();
    }
    let is_float = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    is_float.then(|| text.parse::<f64>().ok()).flatten().and_then(Number::from_f64)
}

fn radix(digits: &str, radix: u32) -> Option<Number> {
    let is_unsigned = digits.starts_with(|first: char| first.is_digit(radix));
    is_unsigned.then(|| u64::from_str_radix(digits, radix).ok()).flatten().map(Number::from)
}
