//! Where the named causes stop frames on a path.

use std::ops::Range;

use super::{
    line::Line,
    model::{Hop, Passage, Reach, Stop},
};
use crate::{Catalogue, Diagnosis, Finding, FindingCode, Place, Spot, State, StationKind, Ways};

const PORT: Spot = Spot::Station(StationKind::Port);
const UPLINK: Spot = Spot::Station(StationKind::Uplink);

/// Findings that say on which part of the path a frame is lost, of all directions that they can show.
const LOSSES: [(FindingCode, Spot, Spot, &[Ways]); 4] = [
    (FindingCode::RequestLostInHost, PORT, UPLINK, &[Ways::Out]),
    (FindingCode::OfferLostInHost, PORT, UPLINK, &[Ways::Back]),
    (FindingCode::AcknowledgementLostInHost, PORT, UPLINK, &[Ways::Back]),
    (FindingCode::OfferNeverArrives, UPLINK, Spot::Server, &[Ways::Out, Ways::Back, Ways::Both]),
];

/// The stops of the causes that are named.
pub(super) fn stops(
    line: &Line,
    diagnosis: &Diagnosis,
    findings: &[Finding],
    catalogue: &Catalogue,
) -> Vec<Stop> {
    if diagnosis.healthy || diagnosis.cannot_tell.is_some() {
        return Vec::new();
    }
    let first = diagnosis.causes.first().map(|suspect| suspect.code);
    let named: Vec<&str> = match diagnosis.together {
        Some(both) => both.to_vec(),
        None => first.into_iter().collect(),
    };
    let stop = |code: &str| {
        let cause = catalogue.cause(code)?;
        let stops = cause.stops.as_ref()?;
        let reach = reach(line, stops.place, findings)?;
        Some(Stop { cause: cause.code, place: stops.place, says: stops.says.clone(), reach })
    };
    named.into_iter().filter_map(stop).collect()
}

/// Marks the hops on which the stop may be. Only a single one is certain to stop frames.
pub(super) fn mark(hops: &mut [Hop], stop: &Stop) {
    let Reach::Hops { first, last, ways } = stop.reach else { return };
    let passage = if first == last {
        Passage::Stops(stop.says.clone())
    } else {
        Passage::Unknown(format!("{}, here or nearby", stop.says))
    };
    for hop in hops.get_mut(first..=last).unwrap_or_default() {
        if matches!(ways, Ways::Out | Ways::Both) {
            hop.out = passage.clone();
        }
        if matches!(ways, Ways::Back | Ways::Both) {
            hop.back = passage.clone();
        }
    }
}

/// A place of the catalogue on this path; `None`: it is on no part that is known.
fn reach(line: &Line, place: Place, findings: &[Finding]) -> Option<Reach> {
    match place {
        Place::Nowhere => None,
        Place::At(spot) => Some(Reach::Station(line.station(spot))),
        Place::Between(from, to) => match line.hop(from, to) {
            Some((hop, ways)) => Some(Reach::Hops { first: hop, last: hop, ways }),
            // The path is known only as far as the station where it stops.
            None => Some(Reach::Station(line.station(from))),
        },
        Place::Somewhere(ways) => {
            let hops = narrowed(line, ways, findings);
            let last = hops.end.checked_sub(1)?;
            Some(Reach::Hops { first: hops.start, last, ways })
        }
    }
}

/// The hops on which a frame can be lost: all, or those that a finding names.
fn narrowed(line: &Line, ways: Ways, findings: &[Finding]) -> Range<usize> {
    let is_present = |code: FindingCode| {
        findings.iter().any(|it| it.code == code && matches!(it.state, State::Present(_)))
    };
    let all = line.span(Spot::Station(StationKind::Guest), Spot::Server);
    let all = if all.is_empty() { 0..line.hops() } else { all };
    let lost =
        LOSSES.iter().filter(|(code, _, _, shown)| shown.contains(&ways) && is_present(*code));
    let parts = lost.map(|(_, from, to, _)| line.span(*from, *to));
    parts.filter(|part| !part.is_empty()).min_by_key(Range::len).unwrap_or(all)
}
