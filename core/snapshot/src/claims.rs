//! Plugins' own kinds of evidence, to and from `snapshot.json`: a replay weighs them as they were weighed.

use std::{collections::HashSet, time::Duration};

use vmkit_model::{ClaimKind, ClaimLimit, PluginClaims};

use crate::document;

/// Most plugins whose kinds are read.
const MOST_PLUGINS: usize = 256;

pub(crate) fn write(claims: &PluginClaims) -> document::PluginClaims {
    let kinds = claims.kinds.iter().map(|kind| document::ClaimKind {
        kind: kind.code.clone(),
        group: kind.group.clone(),
        half_life_s: kind.half_life.as_secs(),
        likelihood_ratio: kind.likelihood_ratio,
        says: kind.says.clone(),
    });
    document::PluginClaims {
        plugin: claims.plugin.clone(),
        limit: claims.limit.map(ClaimLimit::factor),
        kinds: kinds.collect(),
    }
}

/// The kinds, by the rules of manifests. Those of a plugin that breaks one are skipped, and it is named
/// in `unclear`.
pub(crate) fn read(all: &[document::PluginClaims], unclear: &mut Vec<String>) -> Vec<PluginClaims> {
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for claims in all.iter().take(MOST_PLUGINS) {
        let first = seen.insert(claims.plugin.as_str());
        match of_plugin(claims).filter(|_| first) {
            Some(claims) => kept.push(claims),
            None => unclear.push(format!("own kinds of the plugin {:?}", claims.plugin)),
        }
    }
    kept
}

fn of_plugin(claims: &document::PluginClaims) -> Option<PluginClaims> {
    let kinds = claims.kinds.iter().map(|kind| ClaimKind {
        code: kind.kind.clone(),
        group: kind.group.clone(),
        half_life: Duration::from_secs(kind.half_life_s),
        likelihood_ratio: kind.likelihood_ratio,
        says: kind.says.clone(),
    });
    let known = PluginClaims::new(&claims.plugin, kinds.collect()).ok()?;
    let limit = match claims.limit {
        Some(factor) => Some(ClaimLimit::new(factor)?),
        None => None,
    };
    Some(PluginClaims { limit, ..known })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Vec<PluginClaims>, Vec<String>) {
        let all: Vec<document::PluginClaims> = serde_json::from_str(text).unwrap();
        let mut unclear = Vec::new();
        (read(&all, &mut unclear), unclear)
    }

    fn text(plugin: &str, kind: &str, ratio: f64, limit: &str) -> String {
        format!(
            r#"{{"plugin":"{plugin}","limit":{limit},"kinds":[{{"kind":"{kind}","group":"own",
            "half_life_s":60,"likelihood_ratio":{ratio},"says":"it has it"}}]}}"#
        )
    }

    #[test]
    fn reads_what_it_wrote() {
        let (read, unclear) = read_text(&format!("[{}]", text("a", "a.x", 5.0, "50")));
        assert_eq!((read[0].limit, unclear), (ClaimLimit::new(50), Vec::new()));
        let written = serde_json::to_string(&[write(&read[0])]).unwrap();
        assert_eq!(read_text(&written).0, read);
    }

    #[test]
    fn a_snapshot_declares_no_more_than_a_manifest_may() {
        let rows = [
            (text("a", "a.x", 5.0, "null"), 1),
            (text("a", "arp-reply", 5.0, "null"), 0),
            (text("a", "b.x", 5.0, "null"), 0),
            (text("a", "a.x", 1e9, "null"), 0),
            (text("a", "a.x", 5.0, "0"), 0),
            (text("a", "a.x", 5.0, "1001"), 0),
            (format!("{0},{0}", text("a", "a.x", 5.0, "null")), 1),
        ];
        for (claims, kept) in rows {
            let (read, unclear) = read_text(&format!("[{claims}]"));
            assert_eq!(read.len(), kept, "{claims}");
            assert_eq!(unclear.is_empty(), kept == 1 && !claims.contains("},{"), "{claims}");
        }
    }
}
