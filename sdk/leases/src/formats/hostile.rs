//! Files that no server wrote. Reading them ends soon, whatever they contain.

use super::Format;

const ALL: [Format; 6] =
    [Format::MacOs, Format::Dnsmasq, Format::Libvirt, Format::Isc, Format::Parallels, Format::Kea];

const SAMPLES: [&[u8]; 7] = [
    include_bytes!("../../tests/data/dhcpd_leases"),
    include_bytes!("../../tests/data/dnsmasq.leases"),
    include_bytes!("../../tests/data/virbr0.status"),
    include_bytes!("../../tests/data/dhcpd.leases"),
    include_bytes!("../../tests/data/vmnet-dhcpd-vmnet8.leases"),
    include_bytes!("../../tests/data/parallels.leases"),
    include_bytes!("../../tests/data/kea-leases4.csv"),
];

/// Pieces with a meaning in some formats, or in none.
const PIECES: [&[u8]; 12] =
    [b"{", b"}", b"\n", b"\"", b"\\", b"=", b",", b";", b"0x", b"\0", b"\xff\xfe", "é".as_bytes()];

/// George Marsaglia's xorshift64. Its fixed sequence makes failures reproducible.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }
}

fn mutated(sample: &[u8], sequence: &mut Sequence) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..=sequence.below(8) {
        let at = sequence.below(bytes.len() + 1);
        match sequence.below(5) {
            0 => bytes.truncate(at),
            1 => drop(bytes.splice(at..at, PIECES[sequence.below(PIECES.len())].iter().copied())),
            2 => drop(bytes.drain(at..(at + sequence.below(40)).min(bytes.len()))),
            3 => bytes.extend_from_within(at..),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << sequence.below(8);
                }
            }
        }
    }
    bytes
}

#[test]
fn reads_two_thousand_broken_files_of_each_kind() {
    let mut sequence = Sequence(0x5eed_1ea5);
    for sample in SAMPLES {
        for _ in 0..2000 {
            let bytes = mutated(sample, &mut sequence);
            let text = String::from_utf8_lossy(&bytes);
            for format in ALL {
                // No entry is shorter than its address.
                let leases = format.leases(&text).unwrap_or_default();
                assert!(leases.len() <= text.len() / "::1".len(), "{format:?}: {text}");
            }
        }
    }
}

#[test]
fn reads_a_megabyte_of_anything_in_linear_time() {
    let patterns: [&[u8]; 8] =
        [b"{", b"lease 10.0.0.2 {", b"\"", b"#", b"# \n", b"=,", b"[\"", b"1 \xff"];
    for pattern in patterns.iter().chain(&SAMPLES) {
        let bytes = pattern.repeat((1 << 20) / pattern.len());
        let text = String::from_utf8_lossy(&bytes);
        for format in ALL {
            // A quadratic reader would take minutes for one of these.
            _ = format.leases(&text);
        }
    }
}
