//! What the findings show to pass.

use vmkit_types::{Reading, Unread, escaped};

use super::{
    line::Line,
    model::{Hop, Passage},
};
use crate::{Facts, Finding, FindingCode, Spot, State, StationKind};

const GUEST: Spot = Spot::Station(StationKind::Guest);
const PORT: Spot = Spot::Station(StationKind::Port);
const HOST: Spot = Spot::Station(StationKind::Host);
const UPLINK: Spot = Spot::Station(StationKind::Uplink);
const SERVER: Spot = Spot::Server;

/// Whether a finding must be present or absent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Present,
    Absent,
}

/// One thing that was seen to pass.
struct Shows {
    finding: FindingCode,
    is: Is,
    /// What passed, before what was seen of it.
    what: &'static str,
    ways: &'static [(Spot, Spot)],
}

const fn shows(
    finding: FindingCode,
    is: Is,
    what: &'static str,
    ways: &'static [(Spot, Spot)],
) -> Shows {
    Shows { finding, is, what, ways }
}

/// The most telling first: the first that covers a hop explains it.
const TABLE: &[Shows] = &[
    shows(
        FindingCode::OfferIgnored,
        Is::Present,
        "an OFFER reached its port",
        &[(GUEST, SERVER), (SERVER, PORT)],
    ),
    shows(
        FindingCode::OfferIgnored,
        Is::Absent,
        "it got an OFFER",
        &[(GUEST, SERVER), (SERVER, GUEST)],
    ),
    shows(
        FindingCode::RequestRefused,
        Is::Present,
        "it got a NAK",
        &[(GUEST, SERVER), (SERVER, PORT)],
    ),
    shows(FindingCode::OfferLostInHost, Is::Absent, "OFFERs reach its port", &[(UPLINK, PORT)]),
    shows(
        FindingCode::OfferNeverArrives,
        Is::Absent,
        "an OFFER came back",
        &[(GUEST, SERVER), (SERVER, UPLINK)],
    ),
    shows(
        FindingCode::OfferNeverArrives,
        Is::Present,
        "its DISCOVERs reach the uplink",
        &[(GUEST, UPLINK)],
    ),
    shows(
        FindingCode::RequestLostInHost,
        Is::Absent,
        "its DISCOVERs reach the uplink",
        &[(GUEST, UPLINK)],
    ),
    shows(FindingCode::GuestPortSilent, Is::Absent, "its frames reach its port", &[(GUEST, PORT)]),
    shows(FindingCode::SshRefused, Is::Present, "it refuses connections", REACHED),
    shows(FindingCode::SshRefused, Is::Absent, "its SSH server answers", REACHED),
    shows(FindingCode::PingUnanswered, Is::Absent, "it answers pings", REACHED),
    shows(FindingCode::AddressArpSilent, Is::Absent, "it answers ARP", REACHED),
    shows(
        FindingCode::TestHostUnanswered,
        Is::Absent,
        "this computer's own DISCOVER is answered",
        &[(UPLINK, SERVER), (SERVER, UPLINK)],
    ),
];
/// This computer talks with the guest.
const REACHED: &[(Spot, Spot)] = &[(HOST, GUEST), (GUEST, HOST)];

/// All hops, without where frames stop.
pub(super) fn hops(line: &Line, facts: &Facts<'_>, findings: &[Finding]) -> Vec<Hop> {
    let unseen = |hop: usize| Passage::Unknown(unseen(line, hop, facts));
    let mut hops: Vec<Hop> =
        (0..line.hops()).map(|hop| Hop { out: unseen(hop), back: unseen(hop) }).collect();
    let seen = TABLE.iter().filter_map(|row| Some((row, said(row, findings)?)));
    for (row, because) in seen {
        for (from, to) in row.ways {
            let is_out = line.station(*from) < line.station(*to);
            for hop in hops.get_mut(line.span(*from, *to)).unwrap_or_default() {
                let passage = if is_out { &mut hop.out } else { &mut hop.back };
                if matches!(passage, Passage::Unknown(_)) {
                    *passage = Passage::Passes(because.clone());
                }
            }
        }
    }
    hops
}

/// What was seen, if the finding is as the row wants it.
fn said(row: &Shows, findings: &[Finding]) -> Option<String> {
    let finding = findings.iter().find(|finding| finding.code == row.finding)?;
    let ((State::Present(says), Is::Present) | (State::Absent(says), Is::Absent)) =
        (&finding.state, row.is)
    else {
        return None;
    };
    Some(if says.is_empty() {
        row.what.to_owned()
    } else {
        format!("{}: {}", row.what, escaped(says))
    })
}

/// Why nothing is known of a hop.
fn unseen(line: &Line, hop: usize, facts: &Facts<'_>) -> String {
    let outer = line.0.get(hop + 1).map(|station| station.kind);
    if outer.is_none_or(|kind| kind > StationKind::Uplink) {
        return "not seen from this computer".to_owned();
    }
    let sides = [&facts.guest_traffic, &facts.uplink_traffic];
    let why = sides.into_iter().find_map(|side| match side {
        Reading::Unknown(why) => Some(why),
        Reading::Absent | Reading::Known(_) => None,
    });
    match why {
        Some(Unread::NotTried) => "not watched".to_owned(),
        Some(why) => format!("not watched: {}", escaped(&why.to_string())),
        None => "no frame of it was seen here".to_owned(),
    }
}
