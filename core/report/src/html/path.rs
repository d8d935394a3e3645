//! The path from the guest to the router, drawn with this computer's own names.

use maud::{Markup, html};
use vmkit_diagnose::{Hop, Passage, Path, Reach, Ways};

use super::{
    path_table::path_table,
    words::{kind, name},
};
use crate::{DoctorVm, clean::shown};

/// What a hop is drawn as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Stops(Ways),
    MayStop,
    Both,
    Out,
    Back,
    Unknown,
}

/// The drawing, what it says in a sentence, and what was seen on each hop.
pub(super) fn path(vm: &DoctorVm) -> Markup {
    let path = &vm.path;
    html! {
        @if path.stations.len() > 1 {
            h3 { @if path.stops.is_empty() { "The way of its frames" } @else { "Where the frames stop" } }
            figure.path {
                figcaption { @for line in caption(vm) { p { (line) } } }
                ol.stations { @for index in 0..path.stations.len() { (stop_or_pass(path, index)) } }
                (path_table(path))
            }
        }
    }
}

/// A station, and the hop behind it.
fn stop_or_pass(path: &Path, index: usize) -> Markup {
    let Some(station) = path.stations.get(index) else { return html! {} };
    let here = path.stops.iter().find(|stop| stop.reach == Reach::Station(index));
    html! {
        li.station.stops[here.is_some()] {
            span.kind { (kind(station.kind)) }
            @if let Some(name) = &station.name {
                span.name { (shown(name)) }
            }
            @if let Some(detail) = &station.detail {
                span.detail { (shown(detail)) }
            }
            @if here.is_some() {
                span.verdict { span aria-hidden="true" { "✗ " } "no further" }
            }
        }
        @if let Some(hop) = path.hops.get(index) {
            @let mark = mark(path, index, hop);
            li class={ "hop " (mark.class()) } {
                (line(mark))
                span.verdict { (mark.words()) }
            }
        }
    }
}

/// What a hop is drawn as.
fn mark(path: &Path, index: usize, hop: &Hop) -> Mark {
    let of_this = path.stops.iter().find_map(|stop| match stop.reach {
        Reach::Hops { first, last, ways } if (first..=last).contains(&index) => {
            Some(if first == last { Mark::Stops(ways) } else { Mark::MayStop })
        }
        _ => None,
    });
    of_this.unwrap_or(match (&hop.out, &hop.back) {
        (Passage::Passes(_), Passage::Passes(_)) => Mark::Both,
        (Passage::Passes(_), _) => Mark::Out,
        (_, Passage::Passes(_)) => Mark::Back,
        _ => Mark::Unknown,
    })
}

impl Mark {
    fn class(self) -> &'static str {
        match self {
            Self::Stops(_) => "stops",
            Self::MayStop => "may-stop",
            Self::Both | Self::Out | Self::Back => "passes",
            Self::Unknown => "unknown",
        }
    }

    /// The same in words.
    fn words(self) -> &'static str {
        match self {
            Self::Stops(_) => "frames stop",
            Self::MayStop => "may stop here",
            Self::Both => "frames pass",
            Self::Out => "pass outwards",
            Self::Back => "pass inwards",
            Self::Unknown => "not known",
        }
    }
}

/// The line of a hop, from left to right. Words beside it say the same.
fn line(mark: Mark) -> Markup {
    let [left, right] = match mark {
        Mark::Both => [true, true],
        Mark::Out => [false, true],
        Mark::Back => [true, false],
        _ => [false, false],
    };
    // Up to the cross the line is whole.
    let whole = match mark {
        Mark::Stops(Ways::Out) => "M2 12H28",
        Mark::Stops(Ways::Back) => "M62 12H36",
        Mark::Stops(Ways::Both) => "M2 12H28M62 12H36",
        Mark::Both | Mark::Out | Mark::Back => "M2 12H62",
        Mark::MayStop | Mark::Unknown => "",
    };
    let broken = match mark {
        Mark::Stops(Ways::Out) => "M38 12H62",
        Mark::Stops(Ways::Back) => "M26 12H2",
        Mark::MayStop => "M2 12H22M42 12H62",
        Mark::Unknown => "M2 12H62",
        _ => "",
    };
    html! {
        svg viewBox="0 0 64 24" width="64" height="24" aria-hidden="true" focusable="false" {
            path.whole d=(whole) {}
            path.broken d=(broken) {}
            @if right { path.whole d="M55 6L62 12L55 18" {} }
            @if left { path.whole d="M9 6L2 12L9 18" {} }
            @if matches!(mark, Mark::Stops(_)) { path.cross d="M25 5L39 19M39 5L25 19" {} }
            @if mark == Mark::MayStop {
                text x="32" y="18" text-anchor="middle" { "?" }
            }
        }
    }
}

/// What the drawing says, a sentence for each cause that stops frames.
fn caption(vm: &DoctorVm) -> Vec<String> {
    let (path, diagnosis) = (&vm.path, &vm.diagnosis);
    let at = |index: usize| path.stations.get(index).map(name).unwrap_or_default();
    let sentences = path.stops.iter().map(|stop| {
        let says = shown(&stop.says);
        match stop.reach {
            Reach::Station(index) => format!("Frames get no further than {}: {says}.", at(index)),
            Reach::Hops { first, last, ways } => {
                let (inner, outer) = (at(first), at(last + 1));
                let where_ =
                    if first == last { "Frames stop" } else { "Frames are lost somewhere" };
                match ways {
                    Ways::Out => format!("{where_} on the way from {inner} to {outer}: {says}."),
                    Ways::Back => format!("{where_} on the way from {outer} to {inner}: {says}."),
                    Ways::Both => format!("{where_} between {inner} and {outer}: {says}."),
                }
            }
        }
    });
    let sentences: Vec<String> = sentences.collect();
    if !sentences.is_empty() {
        return sentences;
    }
    let says = if diagnosis.healthy || diagnosis.booting.is_some() {
        "No frames are known to be lost."
    } else if diagnosis.cannot_tell.is_some() {
        "Where frames stop is not known yet."
    } else {
        "This cause stops no frames: they pass, and something else is wrong."
    };
    vec![says.to_owned()]
}
