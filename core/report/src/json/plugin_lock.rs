//! The document `vmkit.plugin-lock/1`.

use std::borrow::Cow;

use serde::Serialize;

use crate::{PluginLock, clean::stored, time::rfc3339};

/// The plugins that somebody has agreed to. Fields may be added.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(title = "vmkit.plugin-lock/1")
)]
pub(crate) struct PluginLockDocument<'a> {
    /// `vmkit.plugin-lock/1`.
    schema: &'static str,
    plugins: Vec<LockedDocument<'a>>,
}

/// One plugin.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "LockedPlugin"))]
struct LockedDocument<'a> {
    id: Cow<'a, str>,
    version: Cow<'a, str>,
    /// The SHA-256 of its file. Another file is not agreed to.
    sha256: &'a str,
    /// What was agreed to: the manifest's `needs`, `needs_macos` and `gateway`.
    needs: &'a serde_json::Value,
    /// Whether it may run where its files cannot be confined.
    unconfined: bool,
    /// The factor that its own claims may add up to; `null`: nobody has set one.
    weight: Option<u16>,
    /// Where it lay.
    path: String,
    /// RFC 3339; `null` outside of the years 1 to 9999.
    trusted_at: Option<String>,
    /// `user`, or `root` for everybody.
    by: &'static str,
}

impl<'a> PluginLockDocument<'a> {
    pub(crate) fn new(PluginLock(plugins): &'a PluginLock) -> Self {
        let plugins = plugins.iter().map(|plugin| LockedDocument {
            id: stored(&plugin.id),
            version: stored(&plugin.version),
            sha256: &plugin.sha256,
            needs: &plugin.needs,
            unconfined: plugin.unconfined,
            weight: plugin.weight,
            path: stored(&plugin.path.display().to_string()).into_owned(),
            trusted_at: rfc3339(plugin.trusted_at),
            by: if plugin.by_root { "root" } else { "user" },
        });
        Self { schema: "vmkit.plugin-lock/1", plugins: plugins.collect() }
    }
}
