//! A limit of claims as files hold it: its factor.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use vmkit_model::ClaimLimit;

#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "serde passes the field so"
)]
pub(crate) fn serialize<S: Serializer>(
    limit: &Option<ClaimLimit>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    limit.map(ClaimLimit::factor).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<ClaimLimit>, D::Error> {
    let factor = Option::<u16>::deserialize(deserializer)?;
    let limit = |factor| ClaimLimit::new(factor).ok_or_else(|| D::Error::custom("no such limit"));
    factor.map(limit).transpose()
}
