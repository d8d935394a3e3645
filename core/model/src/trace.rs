//! What in a snapshot could still identify a person, a place or a device.

/// Something that could identify.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    /// The file, by its path in the snapshot.
    pub path: String,
    /// Where in it.
    pub place: Place,
    /// What it is.
    pub kind: TraceKind,
    /// What stands there, bounded and not escaped.
    pub excerpt: String,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The file as such, or its name.
    File,
    /// A line of a text, from 1.
    Line(u64),
    /// A packet of a capture, from 1.
    Packet(u64),
}

/// What could identify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TraceKind {
    /// A hardware address whose second half is no number of the redaction.
    Mac,
    /// An address of the Internet, or the host part of a private one.
    Address,
    /// A DUID, a client identifier, a key or a long number.
    Identifier,
    /// A word that is no common one: a name, a domain, an SSID.
    Word,
    /// A part of a packet that no diagnosis needs.
    Payload,
    /// A file that no snapshot has, or that cannot be checked.
    File,
}
