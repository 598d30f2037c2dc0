//! Owns the hybrid nodes of a fleet: machines outside EC2 that are registered
//! with Systems Manager (`mi-…`).

use std::net::Ipv4Addr;

use jiff::{SignedDuration, Timestamp};

use super::catalog::System;
use crate::sandbox::random::Random;

#[derive(Debug)]
pub(crate) struct HybridNode {
    pub(crate) id: String,
    /// As given at registration.
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) system: System,
    pub(crate) ping: &'static str,
    pub(crate) activation: String,
    pub(crate) registered: Timestamp,
    pub(crate) tags: Vec<(String, String)>,
}

/// The nodes of one fleet: `edge-1`, `edge-2`, … Every fifth is lost, every
/// eleventh has not been heard of for long.
pub(crate) fn nodes(count: usize, now: Timestamp, random: &mut Random) -> Vec<HybridNode> {
    let node = |number: usize| {
        let name = format!("edge-{number}");
        HybridNode {
            id: format!("mi-0{}", random.hex(16)),
            address: Ipv4Addr::new(192, 168, (number / 250) as u8, (number % 250) as u8 + 4),
            system: *random.pick(&[System::Ubuntu, System::RedHat, System::Windows]),
            ping: match number {
                n if n.is_multiple_of(11) => "Inactive",
                n if n.is_multiple_of(5) => "ConnectionLost",
                _ => "Online",
            },
            activation: format!(
                "{}-{}-{}-{}-{}",
                random.hex(8),
                random.hex(4),
                random.hex(4),
                random.hex(4),
                random.hex(12)
            ),
            registered: now - SignedDuration::from_hours(24 * (1 + random.below(400) as i64)),
            tags: vec![
                ("Environment".to_owned(), "edge".to_owned()),
                ("Site".to_owned(), format!("store-{}", 1 + number / 3)),
            ],
            name,
        }
    };
    (1..=count).map(node).collect()
}
