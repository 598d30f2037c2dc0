//! Times: how long ago, or when.
//!
//! A length of time is compared with the time since launch, a date with the launch
//! itself: `>7d` is launched more than seven days ago, `>2026-11-01` after that day.
//! Dates are those of UTC, and each is as long as it is exact: a day, a minute, a
//! second.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::super::term::Moments;
use super::mistake::Mistake;
use super::scan::{Letter, text, trimmed};

/// How a time is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    More,
    AtLeast,
    Less,
    AtMost,
    Same,
}

const ALWAYS: Moments = Moments {
    from: i64::MIN,
    before: i64::MAX,
};

/// Reads one value; `now` is in seconds since 1970.
pub(super) fn read(letters: &[Letter], now: i64) -> Result<Moments, Mistake> {
    let (comparison, rest) = comparison(letters);
    let operand = trimmed(rest);
    let typed = text(operand);
    let column = operand.first().map_or_else(
        || letters[letters.len() - 1].column + 1,
        |first| first.column,
    );
    if typed.is_empty() {
        return Err(Mistake::no_time(column, &typed));
    }
    if let Some((from, before)) = date(&typed) {
        return Ok(match comparison.unwrap_or(Comparison::Same) {
            Comparison::More => Moments {
                from: before,
                ..ALWAYS
            },
            Comparison::AtLeast => Moments { from, ..ALWAYS },
            Comparison::Less => Moments {
                before: from,
                ..ALWAYS
            },
            Comparison::AtMost => Moments { before, ..ALWAYS },
            Comparison::Same => Moments { from, before },
        });
    }
    let length = length(&typed).ok_or_else(|| Mistake::no_time(column, &typed))?;
    let then = now.saturating_sub(length);
    // The longer ago, the smaller the second.
    match comparison {
        Some(Comparison::More) => Ok(Moments {
            before: then,
            ..ALWAYS
        }),
        Some(Comparison::AtLeast) => Ok(Moments {
            before: then.saturating_add(1),
            ..ALWAYS
        }),
        Some(Comparison::Less) => Ok(Moments {
            from: then.saturating_add(1),
            ..ALWAYS
        }),
        Some(Comparison::AtMost) => Ok(Moments {
            from: then,
            ..ALWAYS
        }),
        Some(Comparison::Same) | None => Err(Mistake::no_comparison(letters[0].column, &typed)),
    }
}

/// In quotes or not: nothing but a comparison begins like this.
fn comparison(letters: &[Letter]) -> (Option<Comparison>, &[Letter]) {
    let letter = |at: usize| letters.get(at).map(|letter| letter.letter);
    let (comparison, length) = match (letter(0), letter(1)) {
        (Some('>'), Some('=')) => (Comparison::AtLeast, 2),
        (Some('<'), Some('=')) => (Comparison::AtMost, 2),
        (Some('>'), _) => (Comparison::More, 1),
        (Some('<'), _) => (Comparison::Less, 1),
        (Some('='), _) => (Comparison::Same, 1),
        _ => return (None, letters),
    };
    (Some(comparison), &letters[length..])
}

/// The seconds of a day or of a time, `2026-11-01` or `2026-11-01T12:30:00+01:00`.
fn date(typed: &str) -> Option<(i64, i64)> {
    let (whole, length) = match typed.len() {
        10 => (format!("{typed}T00:00:00Z"), 86_400),
        16 => (format!("{typed}:00Z"), 60),
        19 => (format!("{typed}Z"), 1),
        20.. => (typed.to_owned(), 1),
        _ => return None,
    };
    let time = DateTime::from_str(&whole.to_ascii_uppercase(), Format::DateTimeWithOffset);
    let from = time.ok()?.secs();
    Some((from, from + length))
}

/// Seconds of `2h30m`.
fn length(typed: &str) -> Option<i64> {
    let mut seconds: i64 = 0;
    let mut rest = typed;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = rest[..digits].parse().ok()?;
        let unit = match rest[digits..].chars().next()?.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        seconds = seconds.checked_add(count.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::super::scan::scan;
    use super::*;

    const NOON: i64 = 1_793_534_400; // 2026-11-01T12:00:00Z
    const MIDNIGHT: i64 = NOON - 12 * 3600;
    const DAY: i64 = 86_400;

    fn moments(typed: &str) -> (i64, i64) {
        let letters = scan(typed).expect("letters");
        let moments = read(&letters, NOON).unwrap_or_else(|_| panic!("{typed}"));
        (moments.from, moments.before)
    }

    #[test]
    fn a_length_of_time_is_compared_with_the_time_since_launch() {
        assert_eq!(moments("'>7d'"), moments(">7d"));
        assert_eq!(moments(">7d"), (i64::MIN, NOON - 7 * DAY));
        assert_eq!(moments(">=7d"), (i64::MIN, NOON - 7 * DAY + 1));
        assert_eq!(moments("<2h30m"), (NOON - 9000 + 1, i64::MAX));
        assert_eq!(moments("<= 1w1d1s"), (NOON - 8 * DAY - 1, i64::MAX));
    }

    #[test]
    fn a_date_is_compared_with_the_launch_and_is_as_long_as_it_is_exact() {
        let next = MIDNIGHT + DAY;
        assert_eq!(moments("2026-11-01"), (MIDNIGHT, next));
        assert_eq!(moments("=2026-11-01"), (MIDNIGHT, next));
        assert_eq!(moments(">2026-11-01"), (next, i64::MAX));
        assert_eq!(moments(">=2026-11-01"), (MIDNIGHT, i64::MAX));
        assert_eq!(moments("<2026-11-01"), (i64::MIN, MIDNIGHT));
        assert_eq!(moments("<=2026-11-01"), (i64::MIN, next));
        assert_eq!(moments("2026-11-01T12:00"), (NOON, NOON + 60));
        assert_eq!(moments("2026-11-01t12:00:00"), (NOON, NOON + 1));
        assert_eq!(moments("2026-11-01T13:00:00+01:00"), (NOON, NOON + 1));
        assert_eq!(moments(">=2026-11-01T12:00:00Z"), (NOON, i64::MAX));
    }

    #[test]
    fn what_is_no_time_is_a_mistake() {
        for wrong in [
            "7d",
            "=7d",
            ">",
            ">=",
            ">7",
            ">d",
            ">7y",
            ">-7d",
            ">7d5",
            "2026-13-01",
            "2026-02-30",
            ">yesterday",
            ">99999999999999999999d",
            ">9223372036854775807w",
            ">7é",
            "",
        ] {
            let letters = scan(&format!("{wrong} ")).expect("letters");
            assert!(read(&letters, NOON).is_err(), "{wrong}");
        }
    }
}
