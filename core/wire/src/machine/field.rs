//! A field of a machine on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use vmkit_types::{Reading, Unread, bounded};

/// Longest value that an error shows, in bytes.
const SHOWN: usize = 100;

/// A field of a machine, as JSON: a value, `null` for what is known to be absent, or no such key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// The key is not there: nobody looked, or the reason is in `unknown`.
    #[default]
    Missing,
    /// `null`.
    Absent,
    /// The value.
    Value(T),
    /// A value of another type; its beginning.
    Malformed(String),
}

/// Why a field is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WireUnknown {
    /// The code of the reason, such as `denied`.
    pub why: String,
    /// What the reason names, such as a path.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub what: String,
}

/// Why fields are not known, by name.
pub type WireUnknowns = BTreeMap<String, WireUnknown>;

impl<T> Field<T> {
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// The reading as a field; a reason goes to `unknowns`.
    pub(super) fn of(name: &str, reading: Reading<T>, unknowns: &mut WireUnknowns) -> Self {
        match reading {
            Reading::Known(value) => Self::Value(value),
            Reading::Absent => Self::Absent,
            Reading::Unknown(Unread::NotTried) => Self::Missing,
            Reading::Unknown(reason) => {
                let (why, what) = (reason.code().to_owned(), reason.detail().to_owned());
                unknowns.insert(name.to_owned(), WireUnknown { why, what });
                Self::Missing
            }
        }
    }

    /// The field as a reading. A value that `read` does not understand is unknown.
    pub(super) fn reading<U>(
        self,
        name: &str,
        unknowns: &WireUnknowns,
        read: impl FnOnce(&T) -> Option<U>,
    ) -> Reading<U>
    where
        T: Serialize,
    {
        let malformed = |text: &str| {
            Reading::Unknown(Unread::Malformed(format!("{name}: {}", bounded(text, SHOWN))))
        };
        match self {
            Self::Value(value) => read(&value).map_or_else(
                || malformed(&serde_json::to_string(&value).unwrap_or_default()),
                Reading::Known,
            ),
            Self::Absent => Reading::Absent,
            Self::Malformed(text) => malformed(&text),
            Self::Missing => Reading::Unknown(match unknowns.get(name) {
                Some(WireUnknown { why, what }) => Unread::from_code(why, what),
                None => Unread::NotTried,
            }),
        }
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Missing | Self::Absent | Self::Malformed(_) => serializer.serialize_none(),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        if value.is_null() {
            return Ok(Self::Absent);
        }
        let malformed = |_| Self::Malformed(bounded(&value.to_string(), SHOWN).to_owned());
        Ok(T::deserialize(&value).map_or_else(malformed, Self::Value))
    }
}

/// That of a value which may be `null`.
#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Field<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }
}
