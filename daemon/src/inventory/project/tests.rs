//! The projection against the SDK's own reader, and against broken answers.

mod interfaces;
mod judge;
mod variety;

use crate::aws::{Page, Projection, Unreadable};
use crate::inventory::snapshot::Snapshot;

use super::{InstancesPage, InstancesProjection};
use judge::{Read, judge, read};
use variety::{Dice, answer};

const PLENTY: usize = 10_000;

fn project<'a>(
    room: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Page<InstancesPage>, Unreadable> {
    let mut projection = InstancesProjection::new(room);
    for piece in pieces {
        projection.read(piece)?;
    }
    projection.end()
}

fn whole(xml: &str) -> Result<Page<InstancesPage>, Unreadable> {
    project(PLENTY, [xml.as_bytes()])
}

fn snapshot(xml: &str) -> Snapshot {
    whole(xml).expect("a good answer").items.rows.finish(false)
}

fn as_read(page: Page<InstancesPage>) -> Read {
    Read {
        instances: read(&page.items.rows.finish(false)),
        next: page.next,
    }
}

#[tokio::test]
async fn every_answer_reads_as_the_sdk_reads_it() {
    let mut instances = 0;
    for seed in 0..150 {
        let xml = answer(&mut Dice::new(seed));
        let expected = judge(&xml).await.expect("the SDK reads it");
        instances += expected.instances.len();
        let projected = whole(&xml).unwrap_or_else(|error| panic!("{seed}: {error}\n{xml}"));
        assert_eq!(as_read(projected), expected, "{seed}:\n{xml}");
    }
    assert!(instances > 500, "{instances}");
}

#[test]
fn an_answer_in_pieces_reads_as_the_whole() {
    for seed in 0..20 {
        let mut dice = Dice::new(seed);
        let xml = answer(&mut dice);
        let expected = as_read(whole(&xml).expect("a good answer"));
        for size in [1, 2, 3, 7, 64, 1000] {
            let pieces = project(PLENTY, xml.as_bytes().chunks(size));
            let pieces = pieces.expect("the same answer");
            assert_eq!(as_read(pieces), expected, "{seed}, pieces of {size}");
        }
    }
}

#[test]
fn no_broken_answer_panics() {
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let mut xml = answer(&mut dice).into_bytes();
        for _ in 0..=dice.below(4) {
            let at = dice.below(xml.len());
            match dice.below(4) {
                0 => xml[at] = dice.below(256) as u8,
                1 => xml.insert(at, b"<>&;/\"![]-?"[dice.below(11)]),
                2 => drop(xml.remove(at)),
                _ => xml.truncate(at.max(1)),
            }
        }
        if let Ok(page) = project(PLENTY, xml.chunks(1 + dice.below(500))) {
            // What passes for an answer must hold together.
            read(&page.items.rows.finish(false));
        }
    }
}

#[test]
fn an_answer_that_is_cut_anywhere_is_no_answer() {
    let xml = answer(&mut Dice::new(7));
    let xml = xml.trim_end();
    for (end, _) in xml.char_indices() {
        assert!(whole(&xml[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn what_is_no_answer_is_told_in_a_few_words() {
    let long = "x".repeat(20_000);
    let deep = "<a>".repeat(200);
    let instance = |content: &str| {
        format!(
            "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>\
             <instanceId>i-1</instanceId>{content}</item></instancesSet></item>\
             </reservationSet></DescribeInstancesResponse>"
        )
    };
    assert!(whole(&instance("")).is_ok());
    for (xml, told) in [
        (String::new(), "it is not whole"),
        ("hello".into(), "it is no XML"),
        ("<html><body/></html>".into(), "it is a <html>"),
        (
            instance("<launchTime>soon</launchTime>"),
            "\"soon\" is no time",
        ),
        (instance(&format!("<vpcId>{long}</vpcId>")), "too long"),
        (instance(&deep), "nested too deep"),
        (
            instance("</item></item></item></item></item></item>"),
            "not open",
        ),
        (
            instance("") + "<DescribeInstancesResponse/>",
            "after its end",
        ),
    ] {
        let error = whole(&xml).expect_err(told).to_string();
        assert!(error.contains(told), "{told}: {error}");
    }
}

#[test]
fn there_is_no_more_than_there_is_room_for() {
    let mut answers = (0..).map(|seed| answer(&mut Dice::new(seed)));
    let xml = answers.find(|xml| snapshot(xml).len() > 2);
    let xml = xml.expect("one of so many has three");
    let all = snapshot(&xml).len();
    for room in [0, 1, all - 1, all, all + 1] {
        let page = project(room, [xml.as_bytes()])
            .expect("a good answer")
            .items;
        assert_eq!(page.rows.len(), room.min(all));
        assert_eq!(page.left_out, room < all);
    }
}

#[test]
fn instances_belong_to_the_owner_of_their_reservation() {
    let reservation = |before: &str, id: &str, after: &str| {
        format!(
            "<item>{before}<instancesSet><item><instanceId>{id}</instanceId></item>\
             </instancesSet>{after}</item>"
        )
    };
    let owner = "<ownerId>111122223333</ownerId>";
    let xml = format!(
        "<DescribeInstancesResponse><reservationSet>{}{}{}</reservationSet>\
         </DescribeInstancesResponse>",
        reservation(owner, "i-1", ""),
        reservation("", "i-2", owner),
        reservation("", "i-3", ""),
    );
    let snapshot = snapshot(&xml);
    let account = |id| snapshot.find_id(id).expect("it is there").account();
    assert_eq!(account("i-1"), Some("111122223333"));
    assert_eq!(account("i-2"), Some("111122223333"));
    assert_eq!(account("i-3"), None);
}
