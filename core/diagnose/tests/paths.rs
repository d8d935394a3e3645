//! Where the frames of a machine stop: tests/paths.toml.

mod common;

use common::{Scene, findings};
use serde::Deserialize;
use vmkit_diagnose::{Catalogue, Hop, Passage, Path, Reach, Ways, diagnose, path};
use vmkit_scoring::Verdict;
use vmkit_types::{Reading, Unread};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    path: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    given: Vec<String>,
    #[serde(default)]
    present: Vec<String>,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    looked: Vec<String>,
    verdict: Option<String>,
    shows: String,
}

/// The path in one line, as tests/paths.toml describes it.
fn drawn(path: &Path) -> String {
    let may_stop = |index: usize| {
        path.stops.iter().any(|stop| match stop.reach {
            Reach::Hops { first, last, .. } => first < last && (first..=last).contains(&index),
            Reach::Station(_) => false,
        })
    };
    let hop = |(index, hop): (usize, &Hop)| match (&hop.out, &hop.back) {
        (Passage::Stops(_), _) | (_, Passage::Stops(_)) => " x ",
        _ if may_stop(index) => " ? ",
        (Passage::Passes(_), Passage::Passes(_)) => " = ",
        (Passage::Passes(_), Passage::Unknown(_)) => " > ",
        (Passage::Unknown(_), Passage::Passes(_)) => " < ",
        (Passage::Unknown(_), Passage::Unknown(_)) => " ~ ",
    };
    let mut hops = path.hops.iter().enumerate().map(hop);
    let mut line = String::new();
    for (index, station) in path.stations.iter().enumerate() {
        let name = station.name.as_deref().unwrap_or(station.kind.word());
        let stops = path.stops.iter().any(|stop| stop.reach == Reach::Station(index));
        let [open, close] = if stops { ["[", "]"] } else { ["", ""] };
        line.extend([open, name, close]);
        line += hops.next().unwrap_or_default();
    }
    line
}

#[test]
fn a_path_shows_where_frames_stop() {
    let table: Table = toml::from_str(include_str!("paths.toml")).unwrap();
    let catalogue = Catalogue::builtin().unwrap();
    for row in table.path {
        let verdict = match row.verdict.as_deref() {
            None => Verdict::NoAddress,
            Some("resolved") => Verdict::Resolved,
            Some(other) => panic!("{}: {other}", row.name),
        };
        let router = Reading::Unknown(Unread::NotTried);
        let scene = Scene { name: "web", given: &row.given, verdict, unchecked: None, router };
        let seen = findings(&catalogue, &row.present, &row.absent, &row.looked);
        let (path, first) = scene.facts(|facts| {
            let diagnosis = diagnose(facts, &seen, &catalogue);
            let first = diagnosis.causes.first().map(|cause| (cause.code, cause.probability));
            (path(facts, &seen, &diagnosis, &catalogue), first)
        });
        assert_eq!(drawn(&path), row.shows, "{}: {first:?}", row.name);
        assert_eq!(path.hops.len() + 1, path.stations.len(), "{}", row.name);
    }
}

/// Each cause has its place on every path, however little of it is known.
#[test]
fn every_stop_is_on_its_path() {
    let catalogue = Catalogue::builtin().unwrap();
    let given: [&[&str]; 5] = [
        &["mode:bridged", "uplink:wifi"],
        &["mode:bridged", "uplink:ethernet"],
        &["mode:shared"],
        &["mode:user"],
        &[],
    ];
    for given in given {
        let given: Vec<String> = given.iter().map(|word| (*word).to_owned()).collect();
        let router = Reading::Unknown(Unread::NotTried);
        let verdict = Verdict::NoAddress;
        let scene = Scene { name: "web", given: &given, verdict, unchecked: None, router };
        let seen = findings(&catalogue, &["address-missing".to_owned()], &[], &[]);
        let blamed = scene.diagnose(&seen, &catalogue);
        for cause in catalogue.causes() {
            let mut diagnosis = blamed.clone();
            diagnosis.cannot_tell = None;
            diagnosis.together = Some([cause.code, cause.code]);
            let path = scene.facts(|facts| path(facts, &seen, &diagnosis, &catalogue));
            for stop in &path.stops {
                let is_on_it = match stop.reach {
                    Reach::Station(station) => station < path.stations.len(),
                    Reach::Hops { first, last, ways } => {
                        let way = |hop: &Hop| match ways {
                            Ways::Out | Ways::Both => hop.out.clone(),
                            Ways::Back => hop.back.clone(),
                        };
                        first <= last
                            && last < path.hops.len()
                            && matches!(way(&path.hops[first]), Passage::Stops(_))
                                == (first == last)
                    }
                };
                assert!(is_on_it, "{given:?}: {stop:?}");
            }
        }
    }
}
