//! Classic pcap files, in both byte orders and both time resolutions.

use std::{
    io::Read,
    time::{Duration, SystemTime},
};

use pcap_parser::{
    LegacyPcapReader, Linktype, PcapBlockOwned, PcapError, traits::PcapReaderIterator as _,
};

/// The longest record that tcpdump and Wireshark write, 256 KiB, and room for its header.
const LARGEST_BUFFER: usize = (256 << 10) + 4096;
/// Enough for DHCP frames, and for one frame of 9,000 octets.
const FIRST_BUFFER: usize = 16 << 10;
/// First bytes of a pcapng file, in either byte order.
const PCAPNG: &[u8] = &[0x0a, 0x0d, 0x0d, 0x0a];

/// Why a capture could not be read, or not to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not begin as a pcap file.
    #[error("is not a pcap file")]
    NoPcap,
    /// It has the newer format.
    #[error("is a pcapng file; save it as pcap")]
    PcapNg,
    /// Its frames are not Ethernet; the number is the link type.
    #[error("holds frames of link type {0}, not Ethernet")]
    NotEthernet(i32),
    /// A record claims to be longer than 256 KiB.
    #[error("holds a record longer than any tool writes")]
    LongRecord,
    /// Reading failed.
    #[error("cannot be read to its end")]
    Unreadable,
}

/// Calls `each` with each frame and the time of its capture, in the file's order, until it fails. Skips
/// a last record that is cut off, as in a capture that is still running.
pub fn frames<E: From<Fault>>(
    mut file: impl Read,
    mut each: impl FnMut(SystemTime, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    // The reader expects its whole header from one read, but a file may deliver it in parts.
    let mut header = Vec::with_capacity(24);
    file.by_ref().take(24).read_to_end(&mut header).map_err(|_| Fault::Unreadable)?;
    if header.starts_with(PCAPNG) {
        return Err(Fault::PcapNg.into());
    }
    let file = header.chain(file);
    let mut reader = LegacyPcapReader::new(FIRST_BUFFER, file).map_err(|_| Fault::NoPcap)?;
    let mut unit: fn(u64) -> Duration = Duration::from_micros;
    let mut grown = false;
    loop {
        let consumed = match reader.next() {
            Ok((length, PcapBlockOwned::LegacyHeader(header))) => {
                if header.network != Linktype::ETHERNET {
                    return Err(Fault::NotEthernet(header.network.0).into());
                }
                if header.is_nanosecond_precision() {
                    unit = Duration::from_nanos;
                }
                length
            }
            Ok((length, PcapBlockOwned::Legacy(record))) => {
                let since_epoch = Duration::from_secs(record.ts_sec.into());
                let at = SystemTime::UNIX_EPOCH + since_epoch + unit(record.ts_usec.into());
                each(at, record.data)?;
                length
            }
            // The reader of classic files gives no such block.
            Ok((length, PcapBlockOwned::NG(_))) => length,
            Err(PcapError::Eof | PcapError::UnexpectedEof) => return Ok(()),
            Err(PcapError::Incomplete(_)) => {
                reader.refill().map_err(|_| Fault::Unreadable)?;
                continue;
            }
            Err(PcapError::BufferTooSmall) if !grown => {
                grown = reader.grow(LARGEST_BUFFER);
                if !grown {
                    return Err(Fault::LongRecord.into());
                }
                continue;
            }
            Err(PcapError::BufferTooSmall) => return Err(Fault::LongRecord.into()),
            Err(_) => return Err(Fault::Unreadable.into()),
        };
        reader.consume(consumed);
    }
}
