//! `probe-dhcp.json`: what servers offered different hardware addresses.

use std::{net::Ipv4Addr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize};
use vmkit_dhcp::{Offer, TestCase, TestResult};
use vmkit_types::{Mac, Reading, Unread};

/// Most results that are read: five for each of some hundred machines.
const MOST: usize = 1000;
/// Most offers that are read of one result.
const MOST_OFFERS: usize = 16;
/// Most routers that are read of one offer.
const MOST_ROUTERS: usize = 8;

#[derive(Debug, Deserialize, Serialize)]
struct Row {
    case: String,
    #[serde(default)]
    chaddr: Option<String>,
    #[serde(default)]
    offers: Vec<OfferRow>,
    /// DISCOVERs that were sent. Missing: the test was made.
    #[serde(default = "sent")]
    sent: u32,
    /// How many of them were answered. Missing: written by a version that stopped with the first
    /// answer and did not count.
    #[serde(default)]
    answered: Option<u32>,
    #[serde(default)]
    waited_ms: Option<u64>,
}

fn sent() -> u32 {
    1
}

#[derive(Debug, Deserialize, Serialize)]
struct OfferRow {
    #[serde(default)]
    server: Option<String>,
    #[serde(default)]
    yiaddr: Option<String>,
    #[serde(default)]
    prefix: Option<u8>,
    #[serde(default)]
    routers: Vec<String>,
    #[serde(default)]
    lease_s: Option<u32>,
    /// Null: the offer sets none. Missing: nobody asked for it.
    #[expect(clippy::option_option, reason = "missing and null differ")]
    #[serde(default, deserialize_with = "asked", skip_serializing_if = "Option::is_none")]
    mtu: Option<Option<u16>>,
}

#[expect(clippy::option_option, reason = "missing and null differ")]
fn asked<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<u16>>, D::Error> {
    Option::deserialize(value).map(Some)
}

const CASES: [(TestCase, &str); 6] = [
    (TestCase::Host, "host"),
    (TestCase::Machine, "vm"),
    (TestCase::Foreign, "foreign"),
    (TestCase::MachineUnicast, "vm-unicast"),
    (TestCase::MachineClientId, "vm-client-id"),
    (TestCase::Gateway, "gateway"),
];

/// Reads the document. Skips cases that this version does not know.
///
/// # Errors
/// The document is malformed.
pub fn read_dhcp_test(bytes: &[u8]) -> Result<Vec<TestResult>, serde_json::Error> {
    let rows: Vec<Row> = serde_json::from_slice(bytes)?;
    Ok(rows.into_iter().take(MOST).filter_map(result).collect())
}

fn result(row: Row) -> Option<TestResult> {
    let (case, _) = CASES.into_iter().find(|(_, name)| *name == row.case)?;
    let address = |text: Option<String>| text.and_then(|text| text.parse::<Ipv4Addr>().ok());
    let offer = |row: OfferRow| Offer {
        server: address(row.server),
        yiaddr: address(row.yiaddr),
        prefix: row.prefix.filter(|length| *length <= 32),
        routers: row
            .routers
            .into_iter()
            .filter_map(|it| it.parse().ok())
            .take(MOST_ROUTERS)
            .collect(),
        lease_s: row.lease_s,
        mtu: match row.mtu {
            Some(mtu) => mtu.map_or(Reading::Absent, Reading::Known),
            None => Reading::Unknown(Unread::NotTried),
        },
    };
    let offers: Vec<Offer> = row.offers.into_iter().take(MOST_OFFERS).map(offer).collect();
    let uncounted = row.answered.is_none() && !offers.is_empty();
    Some(TestResult {
        case,
        chaddr: row.chaddr.and_then(|text| text.parse::<Mac>().ok()),
        sent: if uncounted { row.sent.min(1) } else { row.sent },
        answered: row.answered.unwrap_or(u32::from(uncounted)),
        waited: row.waited_ms.map(Duration::from_millis),
        offers,
    })
}

/// The document with these results.
///
/// # Errors
/// Serialising fails, which it does not for these types.
pub fn write_dhcp_test(results: &[TestResult]) -> Result<Vec<u8>, serde_json::Error> {
    let text = |address: Option<Ipv4Addr>| address.map(|address| address.to_string());
    let row = |result: &TestResult| Row {
        case: CASES
            .into_iter()
            .find(|(case, _)| *case == result.case)
            .map_or_else(String::new, |(_, name)| name.to_owned()),
        chaddr: result.chaddr.map(|mac| mac.to_string()),
        offers: result
            .offers
            .iter()
            .map(|offer| OfferRow {
                server: text(offer.server),
                yiaddr: text(offer.yiaddr),
                prefix: offer.prefix,
                routers: offer.routers.iter().map(ToString::to_string).collect(),
                lease_s: offer.lease_s,
                mtu: match offer.mtu {
                    Reading::Known(mtu) => Some(Some(mtu)),
                    Reading::Absent => Some(None),
                    Reading::Unknown(_) => None,
                },
            })
            .collect(),
        sent: result.sent,
        answered: Some(result.answered),
        waited_ms: result.waited.and_then(|it| u64::try_from(it.as_millis()).ok()),
    };
    serde_json::to_vec_pretty(&results.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_results_that_it_wrote() {
        let text = r#"[{"case":"host","chaddr":"aa:aa:aa:aa:aa:aa","sent":5,"answered":2,"waited_ms":900,
            "offers":[{"server":"192.168.1.254","yiaddr":"192.168.1.70","prefix":24,
                "routers":["192.168.1.254"],"lease_s":3600,"mtu":1400},
                {"server":"192.168.1.3","mtu":null},{"server":"192.168.1.4"}]},
            {"case":"foreign","offers":[]},{"case":"tomorrow","sent":3}]"#;
        let read = read_dhcp_test(text.as_bytes()).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].case, read[0].sent, read[0].answered), (TestCase::Host, 5, 2));
        assert_eq!(read[0].waited, Some(Duration::from_millis(900)));
        assert_eq!(read[0].offers[0].server, Some(Ipv4Addr::new(192, 168, 1, 254)));
        let mtus = read[0].offers.iter().map(|offer| &offer.mtu);
        let expected = [Reading::Known(1400), Reading::Absent, Reading::Unknown(Unread::NotTried)];
        assert!(mtus.eq(&expected), "{read:?}");
        assert_eq!((read[1].sent, read[1].chaddr), (1, None));
        assert_eq!(read_dhcp_test(&write_dhcp_test(&read).unwrap()).unwrap(), read);
    }

    #[test]
    fn reads_what_earlier_versions_did_not_count() {
        // They asked up to three times, until the first answer.
        let rows = [
            (r#"{"case":"host","sent":3,"offers":[{"yiaddr":"192.168.1.70"}]}"#, (1, 1)),
            (r#"{"case":"host","sent":3,"offers":[]}"#, (3, 0)),
        ];
        for (text, expected) in rows {
            let read = read_dhcp_test(format!("[{text}]").as_bytes()).unwrap();
            assert_eq!((read[0].sent, read[0].answered), expected, "{text}");
            assert_eq!(read[0].waited, None);
        }
    }
}
