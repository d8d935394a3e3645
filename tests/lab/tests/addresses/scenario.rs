//! Situations and the expected answers of `vm status`.

/// A situation and its right answers.
pub(crate) struct Scenario {
    /// The name in the corpus.
    pub(crate) name: &'static str,
    /// The fault.
    pub(crate) title: &'static str,
    /// Why the answers are right.
    pub(crate) why: &'static str,
    /// The expected answer for each VM.
    pub(crate) machines: &'static [Expected],
}

/// The expected answer for a VM.
pub(crate) struct Expected {
    pub(crate) name: &'static str,
    /// The true addresses. Empty: none.
    pub(crate) truth: &'static [&'static str],
    /// Whether a careful person could tell the truth from the evidence.
    pub(crate) knowable: bool,
    /// The verdict, or [`DOUBTFUL`].
    pub(crate) verdict: &'static str,
    /// The shown address; with [`DOUBTFUL`], the only one that may be shown.
    pub(crate) ip: Option<&'static str>,
    /// Flags that an address must have. An empty list: none.
    pub(crate) flags: &'static [(&'static str, &'static [&'static str])],
    /// Parts of the texts in an address's account.
    pub(crate) says: &'static [(&'static str, &'static str)],
    /// Parts of notes.
    pub(crate) notes: &'static [&'static str],
}

/// Any verdict but `resolved`: the address may be probable or withheld, but not certain.
pub(crate) const DOUBTFUL: &str = "doubtful";

/// A VM with one certain address.
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
