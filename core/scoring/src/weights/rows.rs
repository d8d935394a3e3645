//! The rows of the table as they are written, and their validation.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    time::Duration,
};

use serde::Deserialize;
use vmkit_types::Prefix;

use super::{
    error::WeightsError,
    rule::{HalfLife, Range, Rule, Thresholds},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    pub(super) id: String,
    pub(super) temperature: f64,
    pub(super) rest_share: f64,
    pub(super) doubtful_prior: f64,
    pub(super) self_given_prior: f64,
    pub(super) claims_cap: f64,
    pub(super) thresholds: Thresholds,
    pub(super) groups: BTreeMap<String, GroupRow>,
    pub(super) kinds: HashMap<String, KindRow>,
    #[serde(default)]
    pub(super) ranges: Vec<RangeRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupRow {
    pub(super) cap: f64,
    #[serde(default)]
    pub(super) anonymous: bool,
    #[serde(default)]
    pub(super) state: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent properties, a column of data each")]
pub(super) struct KindRow {
    pub(super) lr: f64,
    pub(super) half_life: HalfLife,
    pub(super) group: String,
    #[serde(default)]
    pub(super) reaches: bool,
    #[serde(default)]
    pub(super) ties: bool,
    #[serde(default)]
    pub(super) stale: bool,
    #[serde(default)]
    pub(super) other_mac: bool,
    #[serde(default)]
    pub(super) host_lease: bool,
    #[serde(default)]
    pub(super) server_absence: bool,
    #[serde(default)]
    pub(super) same_interface: bool,
    #[serde(default)]
    pub(super) unless_reached: bool,
    #[serde(default)]
    pub(super) duplicate: bool,
    #[serde(default)]
    pub(super) refutes: bool,
    #[serde(default)]
    pub(super) identifies: bool,
    #[serde(default)]
    pub(super) min_uptime: u64,
    pub(super) answered_lr: Option<f64>,
    pub(super) kept: Option<f64>,
    #[serde(default)]
    pub(super) held: bool,
    #[serde(default)]
    pub(super) guest_claim: bool,
    #[serde(default)]
    pub(super) listed: bool,
    #[serde(default)]
    pub(super) assigns: bool,
}

impl KindRow {
    pub(super) fn into_rule(
        self,
        place: usize,
        code: &str,
        groups: &HashMap<String, usize>,
    ) -> Result<Rule, WeightsError> {
        within(&format!("the lr of {code}"), self.lr, 1e-9, 1e9)?;
        let answered = self.answered_lr.unwrap_or(self.lr);
        within(&format!("the answered_lr of {code}"), answered, 1e-9, 1e9)?;
        within(&format!("kept of {code}"), self.kept.unwrap_or(1.0), 1.0, 1e9)?;
        let shortest = match &self.half_life {
            HalfLife::Seconds(seconds) => *seconds,
            HalfLife::Lasting(_) => 1.0,
            HalfLife::OfAttribute(of) => of.share.min(of.otherwise),
        };
        within(&format!("the half-life of {code}"), shortest, 1e-3, 1e9)?;
        let group = *groups.get(&self.group).ok_or_else(|| WeightsError::UnknownGroup {
            kind: code.to_owned(),
            group: self.group.clone(),
        })?;
        Ok(Rule {
            log_ratio: self.lr.ln(),
            half_life: self.half_life,
            group,
            place,
            reaches: self.reaches,
            ties: self.ties,
            stale: self.stale,
            other_mac: self.other_mac,
            host_lease: self.host_lease,
            server_absence: self.server_absence,
            same_interface: self.same_interface,
            unless_reached: self.unless_reached,
            duplicate: self.duplicate,
            refutes: self.refutes,
            identifies: self.identifies,
            min_uptime: Duration::from_secs(self.min_uptime),
            answered: self.answered_lr.map(f64::ln),
            kept: self.kept,
            held: self.held,
            guest_claim: self.guest_claim,
            listed: self.listed,
            assigns: self.assigns,
            claim: false,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RangeRow {
    network: String,
    what: String,
    #[serde(default)]
    nat: bool,
}

impl RangeRow {
    pub(super) fn into_range(self) -> Result<Range, WeightsError> {
        let parsed = self.network.split_once('/').and_then(|(address, length)| {
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let length = length.parse().ok().filter(|length| *length <= most)?;
            Some(Prefix { address, length })
        });
        match parsed {
            Some(network) => Ok(Range { network, what: self.what, nat: self.nat }),
            None => Err(WeightsError::NotANetwork { network: self.network }),
        }
    }
}

pub(super) fn within(what: &str, value: f64, least: f64, most: f64) -> Result<(), WeightsError> {
    if value.is_finite() && (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(WeightsError::OutOfRange { what: what.to_owned() })
    }
}
