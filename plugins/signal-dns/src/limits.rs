//! What the system's resolver uses of its settings.

/// Port of DNS servers, RFC 1035 section 4.2.
pub(crate) const DNS_PORT: u16 = 53;
/// Most name servers of its file that the system's resolver uses: `MAXNS` of resolv.h.
pub(crate) const SERVERS: usize = 3;
/// Most domains that it searches: `MAXDNSRCH` of resolv.h.
pub(crate) const DOMAINS: usize = 6;
