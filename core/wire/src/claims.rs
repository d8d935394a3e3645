//! The kinds of evidence that a plugin declares for itself, as a manifest writes them.

use std::time::Duration;

use serde::Deserialize;
use vmkit_model::{ClaimFault, ClaimKind, PluginClaims};

/// One entry of `evidence` in a manifest.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct DeclaredKind {
    /// The plugin's id, a dot and a word.
    pub kind: String,
    /// The origin: claims of one origin are one fact told several times.
    #[serde(default = "one_origin")]
    pub group: String,
    /// Seconds after which half of the weight is left.
    pub half_life_s: u64,
    /// How much likelier the claim is if the address is the machine's than if it is not.
    pub likelihood_ratio: f64,
    /// What it says, for people.
    pub says: String,
}

fn one_origin() -> String {
    "own".to_owned()
}

/// The own kinds of the plugin with this id.
///
/// # Errors
/// What no plugin may declare.
pub(crate) fn claims(plugin: &str, declared: &[DeclaredKind]) -> Result<PluginClaims, ClaimFault> {
    let kinds = declared.iter().map(|declared| ClaimKind {
        code: declared.kind.clone(),
        group: declared.group.clone(),
        half_life: Duration::from_secs(declared.half_life_s),
        likelihood_ratio: declared.likelihood_ratio,
        says: declared.says.clone(),
    });
    PluginClaims::new(plugin, kinds.collect())
}

#[cfg(test)]
mod tests {
    use crate::{Manifest, ManifestError};

    fn parsed(evidence: &str) -> Result<Manifest, String> {
        let text = format!(
            r#"{{"id":"netbox","version":"1","epoch":1,"kinds":["signal"],"evidence":{evidence}}}"#
        );
        text.parse().map_err(|error: ManifestError| error.to_string())
    }

    fn row(kind: &str, half_life: &str, ratio: &str) -> String {
        format!(
            r#"[{{"kind":"{kind}","half_life_s":{half_life},"likelihood_ratio":{ratio},
            "says":"NetBox has this address","later":1}}]"#
        )
    }

    #[test]
    fn reads_own_kinds_or_refuses_them_with_the_rule() {
        let rows = [
            ("[]".to_owned(), "ok"),
            (row("netbox.address", "3600", "20"), "ok"),
            (row("netbox.address", "3600", "0.5"), "ok"),
            (
                row("lease-current", "3600", "20"),
                "manifest: `evidence`: a `kind` is the plugin's id",
            ),
            (row("arp.reply", "3600", "20"), "manifest: `evidence`: a `kind` is the plugin's id"),
            (row("netbox.address", "0", "20"), "manifest: `evidence`: a `half_life_s` is from 1"),
            (row("netbox.address", "-1", "20"), "manifest: invalid value: integer `-1`"),
            (row("netbox.address", "1e3", "20"), "manifest: invalid type: floating point"),
            (row("netbox.address", "3600", "0"), "manifest: `evidence`: a `likelihood_ratio` is"),
            (row("netbox.address", "3600", "-20"), "manifest: `evidence`: a `likelihood_ratio` is"),
            (
                row("netbox.address", "3600", "1e300"),
                "manifest: `evidence`: a `likelihood_ratio` is",
            ),
            (row("netbox.address", "3600", "1e999"), "manifest: number out of range"),
            (row("netbox.address", "3600", "NaN"), "manifest: expected value"),
            (row("netbox.address", "3600", "null"), "manifest: invalid type: null"),
            (r#"[{"kind":"netbox.address"}]"#.to_owned(), "manifest: missing field"),
            ("7".to_owned(), "manifest: invalid type"),
        ];
        for (evidence, expected) in rows {
            let outcome = parsed(&evidence).map_or_else(|error| error, |_| "ok".to_owned());
            assert!(outcome.starts_with(expected), "{evidence}: {outcome}");
        }
    }

    #[test]
    fn says_what_it_declares() {
        let manifest = parsed(&row("netbox.address", "3600", "20")).unwrap();
        let expected = "netbox.address: NetBox has this address (ratio 20, half-life 3600 s)";
        assert_eq!(manifest.claims_in_words(), [expected]);
        let claims = manifest.claims().unwrap();
        assert_eq!((claims.kinds[0].group.as_str(), claims.limit), ("own", None));
    }
}
