//! What the fuzz target `messages` feeds with bytes, and a test with those that are
//! kept: every message that either end reads. Built for tests and for `cargo fuzz`
//! only.

use std::fmt::Debug;

use prost::Message;
use tonic::{Code, Status};

use crate::domain::{
    CacheEntry, Caller, ConfigCheck, ConfigFile, ConfigReload, ConfigTemplate, DaemonStatus, Error,
    Freshness, Hello, Identity, ListQuery, Region, Setting, Stats,
};
use crate::wire::{self, row};
use crate::{convert, status};

/// Reads a message. The first byte says which one.
pub fn messages(bytes: &[u8]) {
    let Some((kind, message)) = bytes.split_first() else {
        return;
    };
    match kind % 16 {
        0 => list(message),
        1 => resolve(message),
        2 => page(message),
        3 => failure(message),
        4 => both_ways::<wire::HelloResponse, Hello>(message, |hello| (&hello).into()),
        5 => both_ways::<wire::StatusResponse, DaemonStatus>(message, |status| (&status).into()),
        6 => both_ways::<wire::StatsResponse, Stats>(message, Into::into),
        7 => both_ways::<wire::CacheEntry, CacheEntry>(message, Into::into),
        8 => both_ways::<wire::WhoAmIResponse, Identity>(message, Into::into),
        9 => both_ways::<wire::Region, Region>(message, Into::into),
        10 => both_ways::<wire::Setting, Setting>(message, Into::into),
        11 => both_ways::<wire::CheckConfigResponse, ConfigCheck>(message, Into::into),
        12 => both_ways::<wire::ConfigFile, ConfigFile>(message, Into::into),
        13 => both_ways::<wire::InitConfigResponse, ConfigTemplate>(message, Into::into),
        14 => both_ways::<wire::ReloadConfigResponse, ConfigReload>(message, Into::into),
        _ => both_ways::<wire::Freshness, Freshness>(message, Into::into),
    }
}

/// What was read of a message is written so that it reads the same.
fn both_ways<W, D>(message: &[u8], write: fn(D) -> W)
where
    W: Message + Default,
    D: From<W> + Clone + Debug,
{
    let Ok(message) = W::decode(message) else {
        return;
    };
    let read = D::from(message);
    let again = D::from(write(read.clone()));
    // By what it looks like: a number that is none equals nothing.
    assert_eq!(format!("{again:?}"), format!("{read:?}"));
}

fn list(message: &[u8]) {
    let Ok(question) = wire::ListInstancesRequest::decode(message) else {
        return;
    };
    match <(Caller, ListQuery)>::try_from(question) {
        Ok((caller, query)) => {
            let again = wire::ListInstancesRequest::new(&caller, &query).try_into();
            assert_eq!(again, Ok((caller, query)));
        }
        Err(error) => told(&error),
    }
}

fn resolve(message: &[u8]) {
    let Ok(question) = wire::ResolveTargetsRequest::decode(message) else {
        return;
    };
    let refused = [
        convert::columns(&question.columns).err(),
        convert::check_targets(&question.targets).err(),
    ];
    refused.iter().flatten().for_each(told);
    let _ = Caller::from(question.caller.unwrap_or_default());
}

/// Rows are read where they lie, by hand.
fn page(message: &[u8]) {
    let Ok(page) = wire::Page::decode(message) else {
        return;
    };
    for row in page.encoded_rows().filter_map(row::read) {
        let pairs = row.tags().chain(row.security_groups());
        assert!(pairs.count() <= message.len());
    }
    let count = page.encoded_rows().count();
    let pieces = page.clone().split(100);
    assert_eq!(
        pieces
            .map(|piece| piece.encoded_rows().count())
            .sum::<usize>(),
        count
    );
}

/// A status as any peer may send it.
fn failure(message: &[u8]) {
    let details = message.to_vec().into();
    let error = status::to_error(&Status::with_details(Code::Unknown, "", details));
    told(&error);
}

fn told(error: &Error) {
    let told = status::to_error(&status::from_error(error));
    assert_eq!(told.kind, error.kind);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kept inputs.
    const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/messages");

    /// Every byte changed to what hurts most, and every length cut.
    fn changes(input: &[u8]) -> impl Iterator<Item = Vec<u8>> {
        let cuts = (0..input.len()).map(|end| input[..end].to_vec());
        let changes = (0..input.len()).flat_map(|at| {
            [0, 1, 0x0a, 0x12, 0x7f, 0x80, 0xff].map(|byte| {
                let mut bytes = input.to_vec();
                bytes[at] = byte;
                bytes
            })
        });
        cuts.chain(changes)
    }

    #[test]
    fn messages_of_any_bytes_are_read_or_refused() {
        let mut kept = 0;
        for entry in std::fs::read_dir(KEPT).unwrap() {
            let path = entry.unwrap().path();
            // The one that fails is the last that is named.
            eprintln!("{}", path.display());
            let input = std::fs::read(path).unwrap();
            messages(&input);
            // Each as every kind of message.
            for kind in 0..16 {
                let rest = &input[1..];
                messages(&[&[kind], rest].concat());
                changes(rest).for_each(|rest| messages(&[&[kind], &rest[..]].concat()));
            }
            kept += 1;
        }
        assert!(kept > 0);
    }
}
