//! Reads lengths of time as people type them: `30s`, `5m`, `1h30m`, `500ms`.

use std::time::Duration;

/// Reads a sum of numbers with units; `None` if it is anything else.
///
/// A bare number is refused, because half of its readers would take it for
/// milliseconds.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = milliseconds(&rest[..letters])?;
        rest = &rest[letters..];
        total = total.checked_add(Duration::from_millis(count.checked_mul(unit)?))?;
    }
    (!text.is_empty()).then_some(total)
}

fn milliseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_up() {
        let cases = [
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1d", 86_400_000),
            ("0s", 0),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Some(Duration::from_millis(expected)), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        let wrong = [
            "",
            "30",
            "s",
            "5 m",
            "-5s",
            "1.5h",
            "5x",
            "99999999999999999d",
            "5mm",
            "٣s",
        ];
        for text in wrong {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
