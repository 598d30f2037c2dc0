//! Owns how times are written and read on the wire.

use jiff::Timestamp;

/// The present, in whole seconds as all services give it.
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// As in EC2's `launchTime`: `2026-01-31T12:00:00.000Z`.
pub(crate) fn with_milliseconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// As in the `Expiration` of STS: `2026-01-31T12:00:00Z`.
pub(crate) fn with_seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// As in the `Date` of an answer: `Sat, 31 Jan 2026 12:00:00 GMT`.
pub(crate) fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// As in `X-Amz-Date`: `20260131T120000Z`.
pub(crate) fn compact(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Reads what [`compact`] writes.
pub(crate) fn read_compact(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.parse().ok()?;
    (compact(time) == text).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_aws_does() {
        let time = read_compact("20260131T120001Z").expect("a time");
        assert_eq!(with_milliseconds(time), "2026-01-31T12:00:01.000Z");
        assert_eq!(with_seconds(time), "2026-01-31T12:00:01Z");
        assert_eq!(compact(time), "20260131T120001Z");
        assert_eq!(http_date(time), "Sat, 31 Jan 2026 12:00:01 GMT");
        assert_eq!(read_compact("2026-01-31T12:00:01Z"), None);
        assert_eq!(read_compact("yesterday"), None);
    }
}
