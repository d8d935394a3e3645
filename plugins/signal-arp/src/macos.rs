//! macOS: the output of `netstat -rn` and `arp -an`, which the host runs.
//!
//! The tools read the routing sysctl (`NET_RT_FLAGS`). Reading it directly would need unsafe code, because
//! no crate parses its neighbour table. And from macOS 26 on it is reported to be empty, or to have masked
//! MACs, for programs that Apple has not signed.

use std::{collections::HashSet, time::Duration};

use vmkit_plugin::{Cx, Mac, Result, Source};

use crate::{
    parse,
    snapshot::TEXT_LIMIT,
    table::{AddressCounts, Entry, Interest, count_addresses},
};

/// The tool for IPv4.
const ARP: &str = "/usr/sbin/arp -an";
/// The tool for both families; it shows ages as well.
const NETSTAT: &str = "/usr/sbin/netstat -rn";

/// The whole table at one moment.
pub(crate) struct Table(Vec<Text>);

/// The output of a tool, with its name in a snapshot.
type Text = (&'static str, Vec<u8>);

/// Reads the table: the routes show it, with ages. The other tool is asked where they show nobody, and for
/// a record.
pub(crate) fn read(cx: &Cx<'_>, _: Duration) -> Result<Table> {
    let both = cx.tool(NETSTAT, TEXT_LIMIT);
    let table = Table(both.iter().map(|text| (parse::NETSTAT_TXT, text.clone())).collect());
    if both.is_ok() && cx.source() == Source::Live && !table.names_nobody() {
        return Ok(table);
    }
    let Table(mut texts) = table;
    match cx.tool(ARP, TEXT_LIMIT) {
        Ok(text) => texts.push((parse::ARP_TXT, text)),
        Err(error) if texts.is_empty() => return Err(error),
        Err(_) => {}
    }
    Ok(Table(texts))
}

impl Table {
    /// The entries that are relevant to this batch.
    pub(crate) fn entries(&self, interest: &Interest, _: Duration) -> Vec<Entry> {
        self.all().filter(|entry| interest.covers(entry.address, entry.mac)).collect()
    }

    /// How many addresses of the table are on each of these MACs.
    pub(crate) fn count(&self, macs: &HashSet<Mac>) -> AddressCounts {
        count_addresses(macs, self.all().map(|entry| (entry.address, entry.mac)))
    }

    fn all(&self) -> impl Iterator<Item = Entry> + '_ {
        let parsed = |(name, text): &Text| {
            parse::parse(name, &String::from_utf8_lossy(text)).unwrap_or_default()
        };
        self.0.iter().flat_map(parsed)
    }

    /// The current entries of this batch's candidates.
    pub(crate) fn again(
        &mut self,
        cx: &Cx<'_>,
        interest: &Interest,
        budget: Duration,
    ) -> Result<Vec<Entry>> {
        let mut entries = read(cx, budget)?.entries(interest, budget);
        entries.retain(|entry| interest.candidates().contains(&entry.address));
        Ok(entries)
    }

    /// The texts of the whole table, with their names in a snapshot.
    pub(crate) fn texts(&self, _: Duration) -> Vec<Text> {
        self.0.clone()
    }

    /// Whether it names nobody, not even the router.
    pub(crate) fn names_nobody(&self) -> bool {
        parse::names_nobody(self.0.iter().map(|(name, text)| (*name, text.as_slice())))
    }
}
