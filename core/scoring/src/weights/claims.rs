//! Adds the kinds that plugins have declared for themselves to the table.

use std::{collections::HashMap, time::Duration};

use vmkit_model::{ClaimKind, PluginClaims};
use vmkit_types::Kind;

use super::{
    Weights,
    rule::{Group, HalfLife, Rule},
};

/// The pool of all plugins for which nobody has set a limit: several of them, of one author or by
/// agreement, say no more together than one of them.
const COMMON: usize = 0;

impl Weights {
    /// The same table with the own kinds of these plugins. A kind of the table keeps its row.
    #[must_use]
    pub fn with_claims(mut self, claims: &[PluginClaims]) -> Self {
        let mut claims: Vec<&PluginClaims> = claims.iter().collect();
        // The kinds of one pool stand together, and those of one group in it.
        claims.sort_by_key(|plugin| (plugin.limit.is_some(), &plugin.plugin));
        for plugin in claims {
            let pool = plugin.limit.map_or(COMMON, |limit| {
                self.pools.push(f64::from(limit.factor()).ln());
                self.pools.len() - 1
            });
            let mut kinds: Vec<&ClaimKind> = plugin.kinds.iter().collect();
            kinds.sort_by_key(|kind| (&kind.group, &kind.code));
            let mut groups = HashMap::new();
            for kind in kinds {
                let group = *groups.entry(&kind.group).or_insert_with(|| {
                    let cap = self.pools[pool];
                    let group = Group { cap, anonymous: false, state: false, pool: Some(pool) };
                    self.groups.push(group);
                    self.groups.len() - 1
                });
                self.add(kind, group, self.pools[pool]);
            }
        }
        self
    }

    fn add(&mut self, kind: &ClaimKind, group: usize, limit: f64) {
        let place = self.rules.len();
        let of_plugin = Kind::from_code(&kind.code).plugin().is_some();
        if !of_plugin || self.others.contains_key(&kind.code) {
            return;
        }
        self.others.insert(kind.code.clone(), place);
        self.rules.push(Rule {
            log_ratio: kind.likelihood_ratio.ln().clamp(-limit, limit),
            half_life: HalfLife::Seconds(kind.half_life.as_secs_f64()),
            group,
            place,
            reaches: false,
            ties: false,
            stale: false,
            other_mac: false,
            host_lease: false,
            server_absence: false,
            same_interface: false,
            unless_reached: false,
            duplicate: false,
            refutes: false,
            identifies: false,
            min_uptime: Duration::ZERO,
            answered: None,
            kept: None,
            held: false,
            guest_claim: false,
            listed: false,
            assigns: false,
            claim: true,
        });
    }
}
