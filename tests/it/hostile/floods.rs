//! Frames without end, by hand: no client library would send them.

use tokio::io::AsyncWriteExt;

use super::Scene;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const UNKNOWN: u8 = 0xee;

const END_HEADERS: u8 = 4;
const CANCEL: u32 = 8;

/// One frame, as RFC 9113 has it.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .expect("a short one")
        .to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header that is given by name and value, and remembered by nobody (RFC 7541,
/// section 6.2.2).
fn header(name: &str, value: &str) -> Vec<u8> {
    let mut header = vec![0];
    for text in [name, value] {
        // Lengths below 127 have one byte, others go on in groups of seven bits.
        match text.len() {
            length @ 0..127 => header.push(u8::try_from(length).expect("seven bits")),
            length => {
                let mut rest = length - 127;
                header.push(127);
                while rest >= 128 {
                    header.push(u8::try_from(rest % 128).expect("seven bits") | 128);
                    rest /= 128;
                }
                header.push(u8::try_from(rest).expect("seven bits"));
            }
        }
        header.extend(text.bytes());
    }
    header
}

/// The headers of a list.
fn question() -> Vec<u8> {
    let headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/aws_ssm.v1.Inventory/ListInstances"),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    headers
        .iter()
        .flat_map(|(name, value)| header(name, value))
        .collect()
}

/// The id of a client's stream, by its number.
fn stream(number: u32) -> u32 {
    2 * number + 1
}

/// Sends `piece` after `piece`, with their numbers, for as long as the daemon takes
/// them, while others ask.
async fn flood(what: &str, opening: &[u8], piece: impl Fn(u32) -> Vec<u8> + Send + 'static) {
    let scene = Scene::new().await;
    let mut peer = scene.connect().await;
    let opening = [PREFACE, &frame(SETTINGS, 0, 0, &[]), opening].concat();
    let flood = tokio::spawn(async move {
        peer.write_all(&opening).await.expect("it listens");
        for number in 0..=u32::MAX {
            if peer.write_all(&piece(number)).await.is_err() {
                break;
            }
        }
    });
    for _ in 0..3 {
        scene.others_are_answered().await;
        scene.stays_small(what).await;
    }
    flood.abort();
    // Only its own end may be an error here.
    assert!(flood.await.is_ok_or_cancelled(), "{what}");
    scene.ends_well().await;
}

trait Ended {
    fn is_ok_or_cancelled(&self) -> bool;
}

impl Ended for Result<(), tokio::task::JoinError> {
    fn is_ok_or_cancelled(&self) -> bool {
        self.as_ref()
            .err()
            .is_none_or(tokio::task::JoinError::is_cancelled)
    }
}

#[tokio::test]
async fn a_flood_of_small_frames_is_nobody_elses_trouble() {
    let floods = [
        ("pings", frame(PING, 0, 0, &[0; 8])),
        ("settings", frame(SETTINGS, 0, 0, &[])),
        ("window updates", frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])),
        ("priorities", frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 16])),
        (
            "frames of no known kind",
            frame(UNKNOWN, 0, 0, &[0; 16_000]),
        ),
        ("data of no stream", frame(DATA, 0, 1, &[])),
    ];
    for (what, one) in floods {
        flood(what, &[], move |_| one.repeat(100)).await;
    }
}

#[tokio::test]
async fn a_flood_of_requests_that_are_taken_back_is_nobody_elses_trouble() {
    flood("requests taken back", &[], |number| {
        let id = stream(number);
        let asked = frame(HEADERS, END_HEADERS, id, &question());
        [asked, frame(RESET, 0, id, &CANCEL.to_be_bytes())].concat()
    })
    .await;
}

/// The daemon has to reset each stream itself, for a window that grows by nothing.
#[tokio::test]
async fn a_flood_of_requests_that_have_to_be_refused_is_nobody_elses_trouble() {
    flood("requests to refuse", &[], |number| {
        let id = stream(number);
        let asked = frame(HEADERS, END_HEADERS, id, &question());
        [asked, frame(WINDOW_UPDATE, 0, id, &[0; 4])].concat()
    })
    .await;
}

#[tokio::test]
async fn headers_without_end_are_nobody_elses_trouble() {
    let begun = frame(HEADERS, 0, 1, &question());
    flood("headers without end", &begun, |_| {
        let more = header("x-more", &"x".repeat(1000));
        frame(CONTINUATION, 0, 1, &more.repeat(16))
    })
    .await;
}

#[tokio::test]
async fn requests_with_huge_headers_are_nobody_elses_trouble() {
    flood("huge headers", &[], |number| {
        let huge = [question(), header("x-huge", &"x".repeat(15_000))].concat();
        frame(HEADERS, END_HEADERS, stream(number), &huge)
    })
    .await;
}

/// Each byte of them stands for a kilobyte that was sent once (RFC 7541, section 6.1).
#[tokio::test]
async fn headers_that_unfold_to_megabytes_are_nobody_elses_trouble() {
    // Remembered by the daemon as its number 62.
    let mut kept = header("x-kept", &"x".repeat(3000));
    kept[0] = 0x40;
    let first = [question(), kept].concat();
    let begun = frame(HEADERS, END_HEADERS, 1, &first);
    flood("headers that unfold", &begun, |number| {
        let bomb = [question(), vec![0x80 | 62; 15_000]].concat();
        frame(HEADERS, END_HEADERS, stream(number + 1), &bomb)
    })
    .await;
}
