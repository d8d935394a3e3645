//! Links that lose frames. Chance decides whether the guest gets its address and what can be told, so
//! that these rows only state what may be named.

use crate::row::{
    Act,
    Act::{Filter, StopServer},
    BY_CHANCE, Client, Row, WIRED, Where,
};

/// The access point loses this share of the frames in each direction.
const LOSES_25: Act = Filter(Where::Air, "bridge forward", "numgen random mod 100 < 25 drop");
const LOSES_50: Act = Filter(Where::Air, "bridge forward", "numgen random mod 100 < 50 drop");
const LOSES_75: Act = Filter(Where::Air, "bridge forward", "numgen random mod 100 < 75 drop");

const LOSSY: Row = Row { may: &["dhcp-lossy-link"], exit: BY_CHANCE, ..WIRED };

pub(crate) const ROWS: &[Row] = &[
    Row { name: "link-loses-a-quarter", breaks: &[LOSES_25], ..LOSSY },
    Row { name: "link-loses-half", breaks: &[LOSES_50], ..LOSSY },
    Row { name: "link-loses-three-quarters", breaks: &[LOSES_75], ..LOSSY },
    Row {
        name: "link-loses-a-quarter-no-server",
        breaks: &[LOSES_25, StopServer],
        may: &["dhcp-lossy-link", "dhcp-no-server"],
        ..LOSSY
    },
    Row {
        name: "link-loses-half-no-server",
        breaks: &[LOSES_50, StopServer],
        may: &["dhcp-lossy-link", "dhcp-no-server"],
        ..LOSSY
    },
    Row {
        name: "link-loses-three-quarters-no-server",
        breaks: &[LOSES_75, StopServer],
        may: &["dhcp-lossy-link", "dhcp-no-server"],
        ..LOSSY
    },
    Row {
        name: "link-loses-a-quarter-and-broadcasts",
        client: Client::Udhcpc("-B"),
        breaks: &[
            LOSES_25,
            Filter(
                Where::Air,
                "bridge forward",
                "oifname ap-sta ether daddr ff:ff:ff:ff:ff:ff counter drop",
            ),
        ],
        may: &["dhcp-lossy-link", "dhcp-broadcast-filtered"],
        ..LOSSY
    },
];
