//! Times and lengths of time as text: RFC 3339 in UTC, and `5m12s`.

use std::time::Duration;

use jiff::Timestamp;

const DAY: i64 = 86_400;

/// Writes RFC 3339 times, and remembers the last day it wrote.
///
/// Instances of a fleet are launched in groups, so that most dates of a list repeat.
#[derive(Debug, Default)]
pub struct Calendar {
    day: Option<i64>,
    date: String,
}

impl Calendar {
    /// Appends a time such as `2026-11-23T17:05:00Z`, from seconds since 1970.
    /// Nothing is appended for times that have no four-digit year.
    pub fn push(&mut self, out: &mut Vec<u8>, seconds: i64) {
        let day = seconds.div_euclid(DAY);
        if self.day != Some(day) {
            let Ok(midnight) = Timestamp::from_second(day.saturating_mul(DAY)) else {
                return;
            };
            self.date = midnight.to_string();
            self.day = Some(day);
        }
        let Some((date, _)) = self.date.split_once('T') else {
            return;
        };
        let second = seconds.rem_euclid(DAY);
        out.extend_from_slice(date.as_bytes());
        for (separator, part) in [
            (b'T', second / 3600),
            (b':', second / 60 % 60),
            (b':', second % 60),
        ] {
            let part = part as u8;
            out.extend_from_slice(&[separator, b'0' + part / 10, b'0' + part % 10]);
        }
        out.push(b'Z');
    }

    /// The same as text of its own.
    pub fn text(&mut self, seconds: i64) -> String {
        let mut out = Vec::with_capacity(20);
        self.push(&mut out, seconds);
        String::from_utf8(out).unwrap_or_default()
    }
}

/// A length of time in its two largest units: `3d4h`, `5m12s`, `340ms`, `85us`.
#[must_use]
pub fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let two = |big: u64, big_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{big}{big_unit}"),
        _ => format!("{big}{big_unit}{small}{small_unit}"),
    };
    match seconds {
        0 if length.is_zero() => "0s".to_owned(),
        0 if length.as_millis() == 0 => format!("{}us", length.as_micros()),
        0 => format!("{}ms", length.as_millis()),
        1..60 => format!("{seconds}s"),
        60..3600 => two(seconds / 60, "m", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds / 60 % 60, "m"),
        _ => two(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc() {
        let mut calendar = Calendar::default();
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (86_399, "1970-01-01T23:59:59Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (1_709_210_096, "2024-02-29T12:34:56Z"),
            (i64::MAX, ""),
        ];
        for (seconds, expected) in cases {
            assert_eq!(calendar.text(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn lengths_show_their_two_largest_units() {
        let cases = [
            (0, "0s"),
            (85, "85us"),
            (340_000, "340ms"),
            (45_900_000, "45s"),
            (312_000_000, "5m12s"),
            (7_200_000_000, "2h"),
            (273_600_000_000, "3d4h"),
        ];
        for (micros, expected) in cases {
            assert_eq!(span(Duration::from_micros(micros)), expected);
        }
    }
}
