//! Packets that are not encrypted yet, RFC 4253 section 6.

/// Longest packet that every implementation must take, in bytes: what is longer before encryption
/// begins is no SSH.
const LENGTH_LIMIT: usize = 35_000;
/// Before a cipher is chosen, packets are multiples of this.
const BLOCK: usize = 8;
/// The length field.
const HEADER: usize = 4;
/// Least padding that is allowed.
const LEAST_PADDING: usize = 4;

/// The message in a packet. Padding is zeros: nothing here is secret.
pub(crate) fn wrap(message: &[u8]) -> Vec<u8> {
    let unpadded = HEADER + 1 + message.len();
    let mut padding = BLOCK - unpadded % BLOCK;
    if padding < LEAST_PADDING {
        padding += BLOCK;
    }
    // Own messages are a few hundred bytes, and padding is less than two blocks.
    let length = u32::try_from(1 + message.len() + padding).unwrap_or(u32::MAX);
    let mut packet = length.to_be_bytes().to_vec();
    packet.push(u8::try_from(padding).unwrap_or(u8::MAX));
    packet.extend_from_slice(message);
    packet.resize(packet.len() + padding, 0);
    packet
}

/// The first packet of what was received.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    /// It has not ended yet.
    Partial,
    /// This message, and how many bytes the packet has in all.
    Whole(Vec<u8>, usize),
    /// No packet has such a length.
    Malformed,
}

pub(crate) fn unwrap(received: &[u8]) -> Packet {
    let Some(header) = received.first_chunk::<HEADER>() else { return Packet::Partial };
    let length = u32::from_be_bytes(*header) as usize;
    if !(1 + LEAST_PADDING..=LENGTH_LIMIT).contains(&length) {
        return Packet::Malformed;
    }
    let Some(body) = received.get(HEADER..HEADER + length) else { return Packet::Partial };
    match length.checked_sub(1 + usize::from(body[0])) {
        Some(message) if message > 0 => Packet::Whole(body[1..=message].to_vec(), HEADER + length),
        _ => Packet::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_of_message_survives_its_packet() {
        for length in 1..40 {
            let message = vec![7; length];
            let packet = wrap(&message);
            assert_eq!(packet.len() % BLOCK, 0);
            assert_eq!(unwrap(&packet), Packet::Whole(message, packet.len()));
            assert_eq!(unwrap(&packet[..packet.len() - 1]), Packet::Partial);
        }
    }

    #[test]
    fn lengths_that_no_packet_has_are_refused_at_once() {
        let rows: [&[u8]; 5] = [
            b"HTTP/1.1 400",
            &[0, 0, 0, 4, 4, 0, 0, 0],
            &[0, 0, 0x88, 0xb9],
            &[0, 0, 0, 6, 5, 1, 0, 0, 0, 0],
            &[0, 0, 0, 8, 255, 1, 0, 0, 0, 0, 0, 0],
        ];
        for received in rows {
            assert_eq!(unwrap(received), Packet::Malformed, "{received:?}");
        }
    }
}
