//! Values of arguments.

use std::time::Duration;

use vmkit_types::Mac;

/// Most memory that can be asked for, in MiB: 16 TiB, more than any computer has.
const MOST_MEMORY: u64 = 16 << 20;
/// Least memory in MiB: no cloud image boots with less.
const LEAST_MEMORY: u64 = 32;
/// Longest wait that can be asked for, in seconds: a day, so that sums of deadlines stay times.
const LONGEST_WAIT: f64 = 86_400.0;

/// Memory in MiB, from a number of MiB or a size such as `2G`.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    let upper = text.to_ascii_uppercase();
    let (digits, factor) = match upper.strip_suffix('G') {
        Some(digits) => (digits, 1024),
        None => (upper.strip_suffix('M').unwrap_or(&upper), 1),
    };
    let number: Option<u64> = digits.parse().ok();
    let memory = number.and_then(|number| number.checked_mul(factor));
    memory
        .filter(|memory| (LEAST_MEMORY..=MOST_MEMORY).contains(memory))
        .ok_or_else(|| "memory is a number of MiB, 32 at least, or a size such as 2G".to_owned())
}

/// A MAC that a network card can have.
pub(super) fn mac(text: &str) -> Result<Mac, String> {
    let mac: Option<Mac> = text.parse().ok();
    mac.filter(|mac| mac.is_of_one_card())
        .ok_or_else(|| "a MAC such as 52:54:00:12:34:56, whose first octet is even".to_owned())
}

/// The name of an interface, as systems limit it.
pub(super) fn interface(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_graphic() && !"/%:".contains(c);
    let dots = matches!(text, "." | "..");
    if text.is_empty()
        || text.len() > 15
        || dots
        || text.starts_with('-')
        || !text.chars().all(plain)
    {
        return Err("not the name of an interface, such as br0 or en0".to_owned());
    }
    Ok(text.to_owned())
}

/// How long to wait.
pub(super) fn wait(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if seconds > 0.0 && seconds <= LONGEST_WAIT {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("more than 0 and at most 86400 seconds".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_a_number_of_mebibytes_or_a_size() {
        let rows = [
            ("2048", Some(2048)),
            ("2G", Some(2048)),
            ("512m", Some(512)),
            ("31", None),
            ("0", None),
            ("-1", None),
            ("1.5G", None),
            ("99999999999999999999G", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(memory(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_mac_is_one_of_a_card() {
        assert!(mac("52:54:00:12:34:56").is_ok());
        for wrong in ["", "52:54:00", "ff:ff:ff:ff:ff:ff", "53:54:00:12:34:56", "00:00:00:00:00:00"]
        {
            assert!(mac(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_interface_is_a_short_plain_word() {
        for right in ["br0", "en0", "enp0s31f6", "wlp2s0", "br-lan.5"] {
            assert_eq!(interface(right).as_deref(), Ok(right));
        }
        for wrong in ["", "-x", ".", "..", "a/b", "a b", "tap%d", "sixteencharacters", "é"] {
            assert!(interface(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_wait_is_a_sensible_number_of_seconds() {
        assert_eq!(wait("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["", "0", "-1", "NaN", "inf", "86401", "1s"] {
            assert!(wait(wrong).is_err(), "{wrong}");
        }
    }
}
