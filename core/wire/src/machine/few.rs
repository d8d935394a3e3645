//! Machines of one frame, which are few: a machine without fields is short as text and large in memory.

use std::fmt;

use serde::{
    Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};

use super::whole::WireMachine;

/// Most machines in one frame.
pub const MACHINES_IN_FRAME: usize = 64;

struct Few;

impl<'de> Visitor<'de> for Few {
    type Value = Vec<WireMachine>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MACHINES_IN_FRAME} machines")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut machines = Vec::new();
        while let Some(machine) = items.next_element()? {
            if machines.len() >= MACHINES_IN_FRAME {
                return Err(A::Error::invalid_length(machines.len() + 1, &self));
            }
            machines.push(machine);
        }
        Ok(machines)
    }
}

pub(crate) fn few_machines<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<WireMachine>, D::Error> {
    deserializer.deserialize_seq(Few)
}

#[cfg(test)]
mod tests {
    use crate::FromWorker;

    #[test]
    fn a_frame_of_many_machines_is_refused_before_they_are_in_memory() {
        let frame = |count| {
            let items = vec!["{}"; count].join(",");
            let text = format!(r#"{{"type":"machines","items":[{items}]}}"#);
            serde_json::from_str::<FromWorker>(&text).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(frame(super::MACHINES_IN_FRAME), Ok(()));
        let error = frame(1 << 20).unwrap_err();
        assert!(error.contains("at most 64 machines"), "{error}");
    }
}
