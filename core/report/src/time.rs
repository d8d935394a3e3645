//! Times and durations, for programs and for people.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// The time in RFC 3339, UTC, to the millisecond; `None`: out of the range of years 1 to 9999.
pub(crate) fn rfc3339(time: SystemTime) -> Option<String> {
    Timestamp::try_from(time).ok().map(|timestamp| format!("{timestamp:.3}"))
}

/// Whole milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The lifetime of a machine in at most two units: `45s`, `1m 21s`, `3h 5m`, `2d 4h`.
pub(crate) fn lifetime(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d {}h", seconds / 86400, seconds % 86400 / 3600),
    }
}

/// A duration of work or the age of a fact: `41 ms`, `1.2 s`, then as [`lifetime`].
pub(crate) fn short(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{:.1} s", duration.as_secs_f64()),
        _ => lifetime(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times_in_the_form_of_the_standard() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_800_000_000_041);
        assert_eq!(rfc3339(time).as_deref(), Some("2027-01-15T08:00:00.041Z"));
        assert_eq!(rfc3339(SystemTime::UNIX_EPOCH).as_deref(), Some("1970-01-01T00:00:00.000Z"));
    }

    #[test]
    fn writes_durations_as_people_say_them() {
        let rows = [
            (41, "41 ms", "0s"),
            (1234, "1.2 s", "1s"),
            (81_000, "1m 21s", "1m 21s"),
            (11_100_000, "3h 5m", "3h 5m"),
            (187_200_000, "2d 4h", "2d 4h"),
        ];
        for (millis, work, life) in rows {
            let duration = Duration::from_millis(millis);
            assert_eq!((short(duration).as_str(), lifetime(duration).as_str()), (work, life));
        }
    }
}
