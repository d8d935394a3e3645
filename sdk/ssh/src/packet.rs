//! Packets that are not encrypted yet, RFC 4253 section 6.

/// Longest packet that every implementation must accept, in bytes. Before encryption, nobody sends a
/// longer one.
const LENGTH_LIMIT: usize = 35_000;
/// Unencrypted packets are multiples of this, in bytes.
const BLOCK: usize = 8;
/// The length field.
const HEADER: usize = 4;
/// Least padding, in bytes.
const LEAST_PADDING: usize = 4;

/// A packet with this message. Its padding is zeros because nothing here is secret.
pub(crate) fn wrap(message: &[u8]) -> Vec<u8> {
    let unpadded = HEADER + 1 + message.len();
    let mut padding = BLOCK - unpadded % BLOCK;
    if padding < LEAST_PADDING {
        padding += BLOCK;
    }
    // Messages of this side have a few hundred bytes, and padding less than two blocks.
    let length = u32::try_from(1 + message.len() + padding).unwrap_or(u32::MAX);
    let mut packet = length.to_be_bytes().to_vec();
    packet.push(u8::try_from(padding).unwrap_or(u8::MAX));
    packet.extend_from_slice(message);
    packet.resize(packet.len() + padding, 0);
    packet
}

/// The first packet of the received bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    /// It is not complete yet.
    Partial,
    /// Its message, and the length of the whole packet in bytes.
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
    fn messages_of_every_length_survive_their_packet() {
        for length in 1..40 {
            let message = vec![7; length];
            let packet = wrap(&message);
            assert_eq!(packet.len() % BLOCK, 0);
            assert_eq!(unwrap(&packet), Packet::Whole(message, packet.len()));
            assert_eq!(unwrap(&packet[..packet.len() - 1]), Packet::Partial);
        }
    }

    #[test]
    fn refuses_impossible_lengths_at_once() {
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
