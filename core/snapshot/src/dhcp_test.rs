//! `probe-dhcp.json`: what servers offered different hardware addresses.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use vmkit_dhcp::{Offer, TestCase, TestResult};
use vmkit_types::Mac;

/// Most results that are read: five for each of some hundred machines.
const MOST: usize = 1000;
/// Most offers that are read of one result.
const MOST_OFFERS: usize = 16;

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
}

const CASES: [(TestCase, &str); 5] = [
    (TestCase::Host, "host"),
    (TestCase::Machine, "vm"),
    (TestCase::Foreign, "foreign"),
    (TestCase::MachineUnicast, "vm-unicast"),
    (TestCase::MachineClientId, "vm-client-id"),
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
    let offer = |row: OfferRow| Offer { server: address(row.server), yiaddr: address(row.yiaddr) };
    Some(TestResult {
        case,
        chaddr: row.chaddr.and_then(|text| text.parse::<Mac>().ok()),
        sent: row.sent,
        offers: row.offers.into_iter().take(MOST_OFFERS).map(offer).collect(),
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
            .map(|offer| OfferRow { server: text(offer.server), yiaddr: text(offer.yiaddr) })
            .collect(),
        sent: result.sent,
    };
    serde_json::to_vec_pretty(&results.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_results_that_it_wrote() {
        let text = r#"[{"case":"host","chaddr":"aa:aa:aa:aa:aa:aa","sent":3,
            "offers":[{"server":"192.168.1.254","yiaddr":"192.168.1.70"}]},
            {"case":"foreign","offers":[]},{"case":"tomorrow","sent":3}]"#;
        let read = read_dhcp_test(text.as_bytes()).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].case, read[0].sent), (TestCase::Host, 3));
        assert_eq!(read[0].offers[0].server, Some(Ipv4Addr::new(192, 168, 1, 254)));
        assert_eq!((read[1].sent, read[1].chaddr), (1, None));
        assert_eq!(read_dhcp_test(&write_dhcp_test(&read).unwrap()).unwrap(), read);
    }
}
