//! Readings as names and values: a value stands under the field's name, `absent` names a field that
//! holds nothing, and `unknown` a field with the code of the reason and what the reason names. A
//! field without any of them was not looked at.

use std::str::FromStr;

use crate::{Reading, Unread, answer::Attributes};

const ABSENT: &str = "absent";
const UNKNOWN: &str = "unknown";

pub(super) fn write_one(to: &mut Attributes, field: &str, reading: Reading<impl ToString>) {
    match reading {
        Reading::Known(value) => to.push((field.to_owned(), value.to_string())),
        Reading::Absent => to.push((ABSENT.to_owned(), field.to_owned())),
        Reading::Unknown(Unread::NotTried) => {}
        Reading::Unknown(why) => {
            let text = format!("{field} {} {}", why.code(), why.detail());
            to.push((UNKNOWN.to_owned(), text.trim_end().to_owned()));
        }
    }
}

/// An empty list is known too: the field's name with an empty value.
pub(super) fn write_all<T: ToString>(to: &mut Attributes, field: &str, list: Reading<&Vec<T>>) {
    match list {
        Reading::Known(list) if list.is_empty() => to.push((field.to_owned(), String::new())),
        Reading::Known(list) => {
            to.extend(list.iter().map(|item| (field.to_owned(), item.to_string())));
        }
        Reading::Absent => write_one(to, field, Reading::<String>::Absent),
        Reading::Unknown(why) => write_one(to, field, Reading::<String>::Unknown(why)),
    }
}

pub(super) fn read_one<T>(
    from: &[(String, String)],
    field: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Reading<T> {
    match from.iter().find(|(name, _)| name == field) {
        Some((_, text)) => {
            parse(text).map_or_else(|| Reading::Unknown(malformed(field, text)), Reading::Known)
        }
        None => without_value(from, field),
    }
}

pub(super) fn read_all<T: FromStr>(from: &[(String, String)], field: &str) -> Reading<Vec<T>> {
    let texts: Vec<&str> =
        from.iter().filter(|(name, _)| name == field).map(|(_, text)| text.as_str()).collect();
    if texts.is_empty() {
        return without_value(from, field);
    }
    let mut items = Vec::with_capacity(texts.len());
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        match text.parse() {
            Ok(item) => items.push(item),
            Err(_) => return Reading::Unknown(malformed(field, text)),
        }
    }
    Reading::Known(items)
}

fn without_value<T>(from: &[(String, String)], field: &str) -> Reading<T> {
    for (name, text) in from {
        if name == ABSENT && text == field {
            return Reading::Absent;
        }
        if name == UNKNOWN
            && let Some(why) = text.strip_prefix(field).and_then(|rest| rest.strip_prefix(' '))
        {
            let (code, detail) = why.split_once(' ').unwrap_or((why, ""));
            return Reading::Unknown(Unread::from_code(code, detail));
        }
    }
    Reading::Unknown(Unread::NotTried)
}

fn malformed(field: &str, text: &str) -> Unread {
    Unread::Malformed(format!("{field}: {}", crate::bounded(text, 100)))
}
