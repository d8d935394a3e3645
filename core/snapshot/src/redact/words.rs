//! Words that identify nobody, and stand-ins for all others.

use std::collections::{HashMap, HashSet};

/// Words of kernels, boot logs, network tools, DHCP clients and routers, one a line.
const KNOWN: &str = include_str!("words.txt");
/// Units and other endings that stand behind a number: `10ms`, `24T06`, `2nd`.
const UNITS: [&str; 22] = [
    "s", "ms", "us", "ns", "m", "h", "d", "w", "t", "z", "k", "mb", "gb", "kb", "mib", "gib",
    "mhz", "ghz", "x", "th", "mbps", "p",
];
/// Most digits of a number: more may be a serial number or a telephone's.
const MOST_DIGITS: usize = 7;
/// Longest word that is known, in bytes.
const LONGEST: usize = 64;
/// The first second of 2100, with which leases end that never do.
const NEVER: &str = "4102444800";
/// The lifetime in seconds of an address that stays, as `ip` writes it.
const FOREVER: &str = "4294967295";

/// The known words, and the stand-ins so far.
#[derive(Debug)]
pub(super) struct Words {
    known: HashSet<&'static str>,
    stand_ins: HashMap<Vec<u8>, String>,
}

impl Default for Words {
    fn default() -> Self {
        Self { known: KNOWN.lines().collect(), stand_ins: HashMap::new() }
    }
}

impl Words {
    /// Whether this run of letters and digits identifies nobody.
    pub(super) fn knows(&self, word: &[u8]) -> bool {
        if word.len() > LONGEST {
            return false;
        }
        let Ok(word) = std::str::from_utf8(word) else { return false };
        let word = word.to_ascii_lowercase();
        if let Some(digits) = word.strip_prefix("0x") {
            return digits.len() <= 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        }
        let letters = word.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(word.len());
        let (start, rest) = word.split_at(letters);
        if rest.is_empty() {
            return start.len() == 1 || self.known.contains(start);
        }
        if start.is_empty() {
            return is_quantity(rest);
        }
        // `eth0`, `enp0s31f6`, `ttyS0`, `v1`; but `de12ab34` is a part of a hardware address.
        let is_known = self.known.contains(start) || matches!(start, "v" | "x" | "k");
        let digits = rest.bytes().filter(u8::is_ascii_digit).count();
        let lone = rest.split(|c: char| c.is_ascii_digit()).all(|letters| {
            let is_ascii = letters.bytes().all(|letter| letter.is_ascii_alphabetic());
            is_ascii && (letters.len() <= 1 || self.known.contains(letters))
        });
        is_known && lone && digits <= 5
    }

    /// The stand-in of a word, the same in each case of its letters.
    pub(super) fn stand_in(&mut self, word: &[u8]) -> &str {
        let number = self.stand_ins.len() + 1;
        self.stand_ins.entry(word.to_ascii_lowercase()).or_insert_with(|| format!("x{number}"))
    }
}

/// Whether it is a number of ordinary size, a time in seconds since 1970, or a number with a unit.
fn is_quantity(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let is_time = digits == 10 && (number.starts_with('1') || number == NEVER || number == FOREVER);
    if digits > MOST_DIGITS && !is_time {
        return false;
    }
    let letters = unit.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (unit, rest) = unit.split_at(letters);
    unit.is_empty() || (UNITS.contains(&unit) && (rest.is_empty() || is_quantity(rest)))
}
