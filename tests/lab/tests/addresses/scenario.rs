//! What is expected of `vm status` in one situation.

/// A situation and the right answers to it.
pub(crate) struct Scenario {
    /// Its name in the corpus.
    pub(crate) name: &'static str,
    /// What is out of order.
    pub(crate) title: &'static str,
    /// Why the expected answers are the right ones.
    pub(crate) why: &'static str,
    /// Per machine, what is to be said.
    pub(crate) machines: &'static [Expected],
}

/// What is to be said of one machine.
pub(crate) struct Expected {
    pub(crate) name: &'static str,
    /// Where it can be reached in truth; empty: nowhere.
    pub(crate) truth: &'static [&'static str],
    /// Whether a careful person could tell the truth from what the signals see.
    pub(crate) knowable: bool,
    /// The verdict, or [`DOUBTFUL`].
    pub(crate) verdict: &'static str,
    /// The address that is shown; with [`DOUBTFUL`], none other may be.
    pub(crate) ip: Option<&'static str>,
    /// Of an address, these flags at least; an empty list: none.
    pub(crate) flags: &'static [(&'static str, &'static [&'static str])],
    /// Of an address, a part of what one piece of its account says.
    pub(crate) says: &'static [(&'static str, &'static str)],
    /// Parts of notes.
    pub(crate) notes: &'static [&'static str],
}

/// Any verdict but `resolved`: whether the address is shown as probable or withheld is not settled by
/// what is right, only that it is not shown as sure.
pub(crate) const DOUBTFUL: &str = "doubtful";

/// A machine at one address that is beyond doubt.
pub(crate) const RESOLVED: Expected = Expected {
    name: "web",
    truth: &["192.168.77.50"],
    knowable: true,
    verdict: "resolved",
    ip: Some("192.168.77.50"),
    flags: &[("192.168.77.50", &[])],
    says: &[],
    notes: &[],
};
