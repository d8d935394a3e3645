//! Fields of JSON files, each a reading of its own.

use std::{fmt::Display, str::FromStr};

use serde_json::Value;
use vmkit_formats::json;
use vmkit_plugin::{Reading, Unread};

use crate::file::ManagerFile;

/// A JSON value of a manager's file. Fields are found by pointers such as `/Driver/IPAddress`.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a> {
    /// The file, for messages.
    file: &'a str,
    value: &'a Value,
}

impl<'a> Json<'a> {
    /// The value `value` of the file `file`.
    pub fn new(file: &'a str, value: &'a Value) -> Self {
        Self { file, value }
    }

    /// The value that the file holds, within the bounds of `vmkit_formats`.
    pub fn read(file: &ManagerFile) -> Result<Value, Unread> {
        json::parse(&file.bytes).map_err(|error| file.malformed(error))
    }

    /// The value at this pointer, if it is there and not `null`.
    pub fn at(self, pointer: &str) -> Option<Self> {
        let value = self.value.pointer(pointer).filter(|value| !value.is_null())?;
        Some(Self { file: self.file, value })
    }

    /// Whether there is a value at this pointer that is not `null`.
    pub fn has(self, pointer: &str) -> bool {
        self.at(pointer).is_some()
    }

    /// The text at this pointer. An empty one is absent.
    pub fn text(self, pointer: &str) -> Reading<&'a str> {
        let text = self.field(pointer, "a text", Value::as_str);
        if text == Reading::Known("") { Reading::Absent } else { text }
    }

    /// The text at this pointer, read as a `T`. An empty one is absent.
    pub fn parsed<T: FromStr<Err: Display>>(self, pointer: &str) -> Reading<T> {
        match self.text(pointer).map(str::parse) {
            Reading::Known(Ok(value)) => Reading::Known(value),
            Reading::Known(Err(error)) => {
                Reading::Unknown(self.malformed(&format!("{pointer}: {error}")))
            }
            Reading::Absent => Reading::Absent,
            Reading::Unknown(why) => Reading::Unknown(why),
        }
    }

    /// The number of a TCP port at this pointer. Zero is absent.
    pub fn port(self, pointer: &str) -> Reading<u16> {
        let port = |value: &Value| value.as_u64().and_then(|port| u16::try_from(port).ok());
        let port = self.field(pointer, "a port", port);
        if port == Reading::Known(0) { Reading::Absent } else { port }
    }

    /// The number at this pointer.
    pub fn number(self, pointer: &str) -> Reading<u64> {
        self.field(pointer, "a number", Value::as_u64)
    }

    /// Whether the value at this pointer is `true`. One of another kind counts as `false`.
    pub fn is_true(self, pointer: &str) -> bool {
        self.value.pointer(pointer) == Some(&Value::Bool(true))
    }

    /// The items of the list at this pointer.
    pub fn items(self, pointer: &str) -> Reading<Vec<Self>> {
        let item = |value: &'a Value| Self { file: self.file, value };
        self.field(pointer, "a list", |value: &'a Value| {
            Some(value.as_array()?.iter().map(item).collect())
        })
    }

    /// The entries of the object at this pointer, in alphabetical order.
    pub fn entries(self, pointer: &str) -> Reading<Vec<(&'a str, Self)>> {
        let entry =
            |(key, value): (&'a String, &'a Value)| (key.as_str(), Self { file: self.file, value });
        self.field(pointer, "an object", |value: &'a Value| {
            Some(value.as_object()?.iter().map(entry).collect())
        })
    }

    /// Why this value could not be used: the file, and what is wrong in it.
    pub fn malformed(self, what: &str) -> Unread {
        Unread::Malformed(format!("{}: {what}", self.file))
    }

    fn field<T>(
        self,
        pointer: &str,
        kind: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Reading<T> {
        match self.value.pointer(pointer) {
            None | Some(Value::Null) => Reading::Absent,
            Some(value) => read(value).map_or_else(
                || Reading::Unknown(self.malformed(&format!("{pointer} is not {kind}"))),
                Reading::Known,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_known_absent_or_unknown_with_the_file_and_its_name() {
        let value = json!({"a": {"name": "web", "port": 2222, "zero": 0, "empty": "", "no": null}});
        let json = Json::new("/f", &value);
        assert_eq!(json.text("/a/name"), Reading::Known("web"));
        for pointer in ["/a/empty", "/a/no", "/b/name"] {
            assert_eq!(json.text(pointer), Reading::Absent, "{pointer}");
        }
        let malformed = |what: &str| Unread::Malformed(format!("/f: {what}"));
        assert_eq!(json.text("/a/port"), Reading::Unknown(malformed("/a/port is not a text")));
        assert_eq!(json.port("/a/port"), Reading::Known(2222));
        assert_eq!(json.port("/a/zero"), Reading::Absent);
        assert_eq!(json.port("/a/name"), Reading::Unknown(malformed("/a/name is not a port")));
        assert_eq!(
            json.parsed::<std::net::IpAddr>("/a/name"),
            Reading::Unknown(malformed("/a/name: invalid IP address syntax"))
        );
    }

    #[test]
    fn refuses_a_file_that_is_no_json_and_names_it() {
        for bytes in ["", "{", "{\"a\": 1", "\u{feff}{}", &"[".repeat(100_000)] {
            let bytes = bytes.as_bytes().to_vec();
            let file = ManagerFile { path: "/f".to_owned(), owner: 0, bytes };
            let Err(Unread::Malformed(why)) = Json::read(&file) else { panic!("{file:?}") };
            assert!(why.starts_with("/f: JSON"), "{why}");
        }
    }
}
