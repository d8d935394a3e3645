//! The path of a machine's frames, in documents.

use std::borrow::Cow;

use serde::Serialize;
use vmkit_diagnose::{Hop, Passage, Path, Reach, Station, Stop, Ways};

use crate::clean::stored;

/// The way of a machine's frames from its guest to the router, as far as it is known.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct PathDocument<'a> {
    /// From the guest outwards.
    stations: Vec<StationDocument<'a>>,
    /// What lies between neighbouring stations, in their order.
    hops: Vec<HopDocument<'a>>,
    /// Where the named causes stop frames. Empty: none is named, or they stop none.
    stops: Vec<StopDocument<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct StationDocument<'a> {
    /// `guest`, `port`, `bridge`, `host`, `uplink`, `access-point` or `router`.
    kind: &'static str,
    /// Its own name, if it has one and it is known.
    name: Option<Cow<'a, str>>,
    /// What else identifies it, such as a MAC or an address.
    detail: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct HopDocument<'a> {
    /// From the guest towards the router.
    out: PassageDocument<'a>,
    /// From the router towards the guest.
    back: PassageDocument<'a>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct PassageDocument<'a> {
    /// `passes`: frames were seen to pass. `stops`: a named cause stops frames here. `unknown`.
    state: &'static str,
    /// What was seen, what happens to the frames, or why nothing is known.
    because: Cow<'a, str>,
}

/// A place where frames stop: a station, or one of several hops. Indices count from 0.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct StopDocument<'a> {
    /// The cause.
    cause: &'static str,
    /// The place in general, such as `uplink-to-access-point`.
    at: String,
    /// What happens to the frames.
    says: Cow<'a, str>,
    /// The station at which they stop.
    station: Option<usize>,
    /// The first and the last hop on which they may stop.
    hops: Option<[usize; 2]>,
    /// Of the hops: `out`, `back` or `both`.
    direction: Option<&'static str>,
}

impl<'a> PathDocument<'a> {
    pub(super) fn new(path: &'a Path) -> Self {
        Self {
            stations: path.stations.iter().map(station).collect(),
            hops: path.hops.iter().map(hop).collect(),
            stops: path.stops.iter().map(stop).collect(),
        }
    }
}

fn station(station: &Station) -> StationDocument<'_> {
    StationDocument {
        kind: station.kind.word(),
        name: station.name.as_deref().map(stored),
        detail: station.detail.as_deref().map(stored),
    }
}

fn hop(hop: &Hop) -> HopDocument<'_> {
    HopDocument { out: passage(&hop.out), back: passage(&hop.back) }
}

fn passage(passage: &Passage) -> PassageDocument<'_> {
    let (state, because) = match passage {
        Passage::Passes(because) => ("passes", because),
        Passage::Stops(because) => ("stops", because),
        Passage::Unknown(because) => ("unknown", because),
    };
    PassageDocument { state, because: stored(because) }
}

fn stop(stop: &Stop) -> StopDocument<'_> {
    let (station, hops, direction) = match stop.reach {
        Reach::Station(station) => (Some(station), None, None),
        Reach::Hops { first, last, ways } => {
            let direction = match ways {
                Ways::Out => "out",
                Ways::Back => "back",
                Ways::Both => "both",
            };
            (None, Some([first, last]), Some(direction))
        }
    };
    StopDocument {
        cause: stop.cause,
        at: stop.place.to_string(),
        says: stored(&stop.says),
        station,
        hops,
        direction,
    }
}
