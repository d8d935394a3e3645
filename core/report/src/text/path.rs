//! The path of a machine's frames in plain characters, with the place where they stop.

use unicode_width::UnicodeWidthStr as _;
use vmkit_diagnose::{Passage, Path, Reach, Station, StationKind, Ways};
use vmkit_types::bounded;

use super::{Style, style::Role, wrap::lines};
use crate::clean::shown;

/// Columns before each line.
const INDENT: &str = "  ";
/// Columns of a hop, with the blanks around it.
const HOP: usize = 5;
/// Longest name of a station where the path is too wide for a line, in bytes: that of an interface has at
/// most 15.
const SHORT_NAME: usize = 18;
/// What stands for the end of a name.
const MORE: &str = "..";
/// Longest name of a station in any case, in bytes.
const LONGEST_NAME: usize = 40;

/// The path in lines of at most `width` columns: what each station is, its name with the hops between
/// them, and under the place where frames stop what happens to them.
///
/// `-->` frames pass outwards, `<--` back, `<->` both, `...` it is not known, `X` they stop.
pub(super) fn path_lines(path: &Path, width: usize, style: Style) -> Vec<String> {
    let mut columns = columns(path, LONGEST_NAME);
    if last_that_fits(&columns, 0, width) + 1 < columns.len() {
        columns = self::columns(path, SHORT_NAME);
    }
    let mut drawn = Vec::new();
    let mut first = 0;
    while first < columns.len() {
        let last = last_that_fits(&columns, first, width);
        let row = Row { path, columns: &columns[first..=last], first, width };
        drawn.extend(row.lines(style));
        first = last + 1;
    }
    drawn
}

/// One station with the hop that leads to it.
struct Column {
    kind: String,
    name: String,
    /// Nothing before the guest.
    hop: Option<&'static str>,
}

impl Column {
    fn width(&self) -> usize {
        self.kind.width().max(self.name.width())
    }
}

fn columns(path: &Path, longest: usize) -> Vec<Column> {
    let column = |(at, station): (usize, &Station)| Column {
        kind: kind(station.kind).to_owned(),
        name: name(station, longest),
        hop: at.checked_sub(1).map(|hop| glyph(path, hop)),
    };
    path.stations.iter().enumerate().map(column).collect()
}

/// Its word for people.
fn kind(kind: StationKind) -> &'static str {
    match kind {
        StationKind::AccessPoint => "access point",
        StationKind::Host => "this computer",
        kind => kind.word(),
    }
}

/// Its own name, or what else is known of it.
fn name(station: &Station, longest: usize) -> String {
    let own = station.name.as_deref().or(station.detail.as_deref());
    let own = match (own, station.kind) {
        (Some(own), _) => own,
        (None, StationKind::AccessPoint) => "Wi-Fi",
        (None, _) => "?",
    };
    // A name that is hardly longer would not become shorter.
    if own.len() <= longest + MORE.len() {
        return shown(own);
    }
    format!("{}{MORE}", shown(bounded(own, longest)))
}

/// The hop to the next station, in three characters.
fn glyph(path: &Path, hop: usize) -> &'static str {
    let stopped = path.stops.iter().find_map(|stop| match stop.reach {
        Reach::Hops { first, last, ways } if (first..=last).contains(&hop) => Some(ways),
        _ => None,
    });
    let passes = |passage: &Passage| matches!(passage, Passage::Passes(_));
    let Some(known) = path.hops.get(hop) else { return "..." };
    match (stopped, passes(&known.out), passes(&known.back)) {
        (Some(Ways::Out), ..) => "--X",
        (Some(Ways::Back), ..) => "X--",
        (Some(Ways::Both), ..) => "-X-",
        (None, true, true) => "<->",
        (None, true, false) => "-->",
        (None, false, true) => "<--",
        (None, false, false) => "...",
    }
}

/// The last column of a line that begins with `first`: at least that one.
fn last_that_fits(columns: &[Column], first: usize, width: usize) -> usize {
    let mut end = INDENT.len();
    let mut last = first;
    for (at, column) in columns.iter().enumerate().skip(first) {
        let hop = if column.hop.is_some() { HOP } else { 0 };
        end += hop + column.width();
        if at > first && end > width {
            break;
        }
        last = at;
    }
    last
}

/// The columns of one line.
struct Row<'a> {
    path: &'a Path,
    columns: &'a [Column],
    /// The place of its first column on the path.
    first: usize,
    width: usize,
}

/// The columns at which a hop and the station behind it begin.
struct Place {
    hop: usize,
    station: usize,
}

impl Row<'_> {
    fn lines(&self, style: Style) -> Vec<String> {
        let (mut kinds, mut names) = (INDENT.to_owned(), INDENT.to_owned());
        let mut places = Vec::new();
        for column in self.columns {
            let hop = names.width() + 1;
            if let Some(glyph) = column.hop {
                kinds.push_str(&" ".repeat(HOP));
                names.extend([" ", glyph, " "]);
            }
            places.push(Place { hop, station: names.width() });
            let width = column.width();
            kinds.push_str(&padded(&column.kind, width));
            names.push_str(&padded(&column.name, width));
        }
        let mut drawn =
            vec![style.paint(Role::Aside, kinds.trim_end()), names.trim_end().to_owned()];
        drawn.extend(self.marks(&places, style));
        drawn
    }

    /// What happens where frames stop, below the place.
    fn marks(&self, places: &[Place], style: Style) -> Vec<String> {
        let mut drawn = Vec::new();
        for stop in &self.path.stops {
            let Some(column) = self.mark(stop.reach, places) else { continue };
            let nearby = match stop.reach {
                Reach::Hops { first, last, .. } if last > first => ", here or at another X",
                _ => "",
            };
            let mark = format!("{}^", " ".repeat(column));
            let says = format!("{}{nearby}", shown(&stop.says));
            let beside = format!("{mark} {says}");
            let left = column.checked_sub(INDENT.len() + says.width() + 1);
            if beside.width() <= self.width {
                drawn.push(style.paint(Role::Bad, &beside));
            } else if let Some(left) = left {
                let line = format!("{INDENT}{}{says} ^", " ".repeat(left));
                drawn.push(style.paint(Role::Bad, &line));
            } else {
                drawn.push(style.paint(Role::Bad, &mark));
                let below = lines(self.width, INDENT, INDENT, &says);
                drawn.extend(below.iter().map(|line| style.paint(Role::Bad, line)));
            }
        }
        drawn
    }

    /// The column below which a stop is marked, if it is in this row.
    fn mark(&self, reach: Reach, places: &[Place]) -> Option<usize> {
        let place = |station: usize| places.get(station.checked_sub(self.first)?);
        match reach {
            Reach::Station(station) => Some(place(station)?.station),
            // A hop stands before the station that it leads to.
            Reach::Hops { first, ways, .. } => {
                let cross = match ways {
                    Ways::Back => 0,
                    Ways::Both => 1,
                    Ways::Out => 2,
                };
                Some(place(first + 1)?.hop + cross)
            }
        }
    }
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use vmkit_diagnose::{Hop, Place, Spot, Stop};

    use super::*;

    const KINDS: [StationKind; 5] = [
        StationKind::Guest,
        StationKind::Port,
        StationKind::Bridge,
        StationKind::Uplink,
        StationKind::Router,
    ];

    fn passage(passes: bool) -> Passage {
        if passes { Passage::Passes(String::new()) } else { Passage::Unknown(String::new()) }
    }

    /// A path through stations of these names, with frames that pass out and back.
    fn path(names: &[&str], hops: &[(bool, bool)], reach: Option<Reach>, says: &str) -> Path {
        let station = |(kind, name): (&StationKind, &&str)| Station {
            kind: *kind,
            name: Some((*name).to_owned()),
            detail: None,
        };
        let hop = |(out, back): &(bool, bool)| Hop { out: passage(*out), back: passage(*back) };
        let place = Place::At(Spot::Station(StationKind::Guest));
        let stop = |reach| Stop { cause: "x", place, says: says.to_owned(), reach };
        Path {
            stations: KINDS.iter().zip(names).map(station).collect(),
            hops: hops.iter().map(hop).collect(),
            stops: reach.into_iter().map(stop).collect(),
        }
    }

    fn drawn(path: &Path, width: usize) -> String {
        let lines = path_lines(path, width, Style::Plain);
        assert!(lines.iter().all(|line| line.width() <= width), "{lines:#?}");
        lines.join("\n")
    }

    #[test]
    fn marks_the_hop_or_the_station_where_frames_stop() {
        let hops = |first, ways| Reach::Hops { first, last: first, ways };
        let rows = [
            (None, "web   <-> tap0 --> br0    ... en0    <-- 192.0.2.1", ""),
            (
                Some(hops(2, Ways::Out)),
                "web   <-> tap0 --> br0    --X en0    <-- 192.0.2.1",
                "^ lost",
            ),
            (
                Some(hops(2, Ways::Back)),
                "web   <-> tap0 --> br0    X-- en0    <-- 192.0.2.1",
                "^ lost",
            ),
            (
                Some(hops(2, Ways::Both)),
                "web   <-> tap0 --> br0    -X- en0    <-- 192.0.2.1",
                "^ lost",
            ),
            (
                Some(Reach::Station(1)),
                "web   <-> tap0 --> br0    ... en0    <-- 192.0.2.1",
                "^ lost",
            ),
        ];
        for (reach, names, mark) in rows {
            let names_of = ["web", "tap0", "br0", "en0", "192.0.2.1"];
            let hops = [(true, true), (true, false), (false, false), (false, true)];
            let drawn = drawn(&path(&names_of, &hops, reach, "lost"), 80);
            let lines: Vec<&str> = drawn.lines().collect();
            assert_eq!(lines[0], "  guest     port     bridge     uplink     router");
            assert_eq!(lines[1].trim_start(), names);
            let below = lines.get(2).map_or("", |line| line.trim_start());
            assert_eq!(below, mark);
            // The mark points at the cross, or at the station.
            if let Some(column) = lines.get(2).and_then(|line| line.find('^')) {
                let at = &lines[1][column..];
                assert!(at.starts_with('X') || at.starts_with("tap0"), "{drawn}");
            }
        }
    }

    #[test]
    fn a_path_that_is_too_wide_goes_on_in_the_next_line() {
        let names = ["a-long-name-of-a-machine", "tap-of-that-vm", "bridge-lan", "enp0s31f6", "x"];
        let reach = Some(Reach::Hops { first: 0, last: 3, ways: Ways::Out });
        let says = "the request is lost on the way to the server and nobody knows where that is";
        let drawn = drawn(&path(&names, &[(false, false); 4], reach, says), 60);
        assert!(
            drawn.contains("a-long-name-of-a-m.. --X tap-of-that-vm --X bridge-lan"),
            "{drawn}"
        );
        let next = drawn.lines().find(|line| line.contains("enp0s31f6")).expect("the next line");
        assert!(next.trim_start().starts_with("--X enp0s31f6 --X x"), "{drawn}");
        assert!(drawn.contains("here or at another X"), "{drawn}");
    }

    #[test]
    fn a_name_is_cut_only_where_the_line_is_too_short() {
        let rows = [
            ("QEMU's user network", 80, "QEMU's user network"),
            ("QEMU's user network", 34, "QEMU's user network"),
            ("a-long-name-of-a-machine", 80, "a-long-name-of-a-machine"),
            ("a-long-name-of-a-machine", 34, "a-long-name-of-a-m.."),
        ];
        for (name, width, expected) in rows {
            let drawn = drawn(&path(&["web", name], &[(true, false)], None, ""), width);
            assert!(drawn.ends_with(&format!("--> {expected}")), "{name} {width}: {drawn}");
        }
    }

    #[test]
    fn a_hostile_name_is_escaped() {
        let path = path(&["a\u{1b}[2J", "tap0"], &[(true, false)], None, "");
        assert!(!drawn(&path, 80).contains('\u{1b}'));
    }
}
