//! Finding stations and hops of a path by what they are.

use std::{cmp::Ordering, ops::Range};

use super::model::Station;
use crate::{Spot, StationKind, Ways};

/// The stations of a path, from the guest outwards.
pub(super) struct Line(pub(super) Vec<Station>);

impl Line {
    /// The number of hops.
    pub(super) fn hops(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    /// The kind that a spot stands for on this path.
    fn kind(&self, spot: Spot) -> StationKind {
        let has = |kind| self.0.iter().any(|station| station.kind == kind);
        match spot {
            Spot::Server if has(StationKind::Host) => StationKind::Host,
            Spot::Server => StationKind::Router,
            // A bridged machine's frames do not pass the computer itself, which is on the bridge, or
            // on the uplink where there is no bridge.
            Spot::Station(StationKind::Host) if !has(StationKind::Host) => {
                if has(StationKind::Bridge) { StationKind::Bridge } else { StationKind::Uplink }
            }
            Spot::Station(kind) => kind,
        }
    }

    /// The station of a spot, or the nearest one behind it, or the last.
    pub(super) fn station(&self, spot: Spot) -> usize {
        let kind = self.kind(spot);
        self.0.iter().position(|station| station.kind >= kind).unwrap_or(self.hops())
    }

    /// Whether there is a station of this very kind.
    pub(super) fn has(&self, spot: Spot) -> bool {
        let kind = self.kind(spot);
        self.0.iter().any(|station| station.kind == kind)
    }

    /// The hop by which frames leave a station towards another, and its direction; `None`: there is
    /// none, or both are one station on this path.
    pub(super) fn hop(&self, from: Spot, to: Spot) -> Option<(usize, Ways)> {
        let (from, to) = (self.kind(from), self.kind(to));
        let kinds = |hop: &usize| Some((self.0.get(*hop)?.kind, self.0.get(hop + 1)?.kind));
        let mut hops = 0..self.hops();
        match from.cmp(&to) {
            Ordering::Less => {
                let leaves = |hop: &usize| kinds(hop).is_some_and(|(_, outer)| outer > from);
                hops.find(leaves).map(|hop| (hop, Ways::Out))
            }
            Ordering::Equal => None,
            Ordering::Greater => {
                let leaves = |hop: &usize| kinds(hop).is_some_and(|(inner, _)| inner < from);
                hops.rfind(leaves).map(|hop| (hop, Ways::Back))
            }
        }
    }

    /// The hops between two spots of this path; none if one of them is not on it.
    pub(super) fn span(&self, one: Spot, other: Spot) -> Range<usize> {
        if !self.has(one) || !self.has(other) {
            return 0..0;
        }
        let (one, other) = (self.station(one), self.station(other));
        one.min(other)..one.max(other)
    }
}
