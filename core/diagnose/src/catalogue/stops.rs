//! Where a cause stops frames, in words of the path from the guest to the router.

use std::fmt;

/// A kind of station on the path, in the order of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StationKind {
    /// The system inside the machine.
    Guest,
    /// The host's end of the machine's card, such as a tap.
    Port,
    /// The bridge.
    Bridge,
    /// This computer as the router of a network of its own.
    Host,
    /// The interface that leads to the router.
    Uplink,
    /// The access point of a wireless uplink.
    AccessPoint,
    /// The router.
    Router,
}

/// A station that a place names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// This one, or the nearest where a path has none of the kind.
    Station(StationKind),
    /// What serves DHCP: the router, or this computer in shared mode.
    Server,
}

/// One or both directions of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ways {
    /// From the guest to the router.
    Out,
    /// From the router to the guest.
    Back,
    /// Both.
    Both,
}

/// A place where frames stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// They stop nowhere: what is wrong is something else, such as an old address.
    Nowhere,
    /// They reach the station and are dropped or not answered there.
    At(Spot),
    /// They leave the first station and do not reach the second.
    Between(Spot, Spot),
    /// They are lost on the way, and the cause alone does not say where.
    Somewhere(Ways),
}

/// Where a cause stops frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stops {
    /// The place.
    pub place: Place,
    /// What happens to the frames there: a clause without a full stop. Empty for
    /// [`Place::Nowhere`].
    pub says: String,
}

/// The table `[stops]` of a cause.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StopsRow {
    pub(super) at: String,
    #[serde(default)]
    pub(super) says: String,
}

const STATIONS: [(StationKind, &str); 7] = [
    (StationKind::Guest, "guest"),
    (StationKind::Port, "port"),
    (StationKind::Bridge, "bridge"),
    (StationKind::Host, "host"),
    (StationKind::Uplink, "uplink"),
    (StationKind::AccessPoint, "access-point"),
    (StationKind::Router, "router"),
];
const SERVER: &str = "dhcp-server";
const NOWHERE: &str = "none";
const SOMEWHERE: [(Ways, &str); 3] =
    [(Ways::Out, "somewhere-out"), (Ways::Back, "somewhere-back"), (Ways::Both, "somewhere")];

impl StationKind {
    /// Its name in the data and in reports.
    pub fn word(self) -> &'static str {
        STATIONS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }
}

impl Spot {
    fn from_word(word: &str) -> Option<Self> {
        if word == SERVER {
            return Some(Self::Server);
        }
        STATIONS.iter().find(|(_, known)| *known == word).map(|(kind, _)| Self::Station(*kind))
    }
}

impl Place {
    /// The place of this name, such as `guest`, `bridge-to-uplink` or `none`.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        if word == NOWHERE {
            return Some(Self::Nowhere);
        }
        if let Some((ways, _)) = SOMEWHERE.iter().find(|(_, known)| *known == word) {
            return Some(Self::Somewhere(*ways));
        }
        match word.split_once("-to-") {
            None => Some(Self::At(Spot::from_word(word)?)),
            Some((from, to)) => {
                let (from, to) = (Spot::from_word(from)?, Spot::from_word(to)?);
                (from != to).then_some(Self::Between(from, to))
            }
        }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Station(kind) => f.write_str(kind.word()),
            Self::Server => f.write_str(SERVER),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => f.write_str(NOWHERE),
            Self::At(spot) => spot.fmt(f),
            Self::Between(from, to) => write!(f, "{from}-to-{to}"),
            Self::Somewhere(ways) => {
                let word = SOMEWHERE.iter().find(|(known, _)| known == ways);
                f.write_str(word.map_or("", |(_, word)| word))
            }
        }
    }
}
