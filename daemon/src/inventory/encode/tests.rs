use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::snapshot::{Builder, Facts};
use super::super::{Fleet, Instances};
use super::*;

/// So many instances, and a cache of encodings for the bytes of so many of their
/// lists by id.
fn fleet(instances: usize, lists: f64) -> (Fleet, Arc<AtomicUsize>) {
    let ids: Vec<_> = (0..instances).map(|n| format!("i-{n:017x}")).collect();
    let mut builder = Builder::with_capacity(instances);
    for id in &ids {
        builder.push(&Facts {
            id,
            ..Facts::default()
        });
    }
    let fleet = Fleet {
        region: "eu-west-1".into(),
        instances: Arc::new(Instances::new(builder.finish(false))),
        agents: None,
        agents_error: None,
    };
    let places = 0..instances as u32;
    let one = Encoded::of(&fleet, &[Column::Id], places).weight();
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let room = (one as f64 * lists) as usize;
    fleet.instances.encoded.settle_in(room, move || {
        count.fetch_add(1, Ordering::SeqCst);
    });
    (fleet, told)
}

/// Another projection for each number, with rows of the same length.
fn columns(number: usize) -> [Column; 2] {
    [Column::Id, Column::Tag(number.to_string())]
}

fn list(fleet: &Fleet, number: usize) -> Arc<Encoded> {
    fleet.standard_list(&columns(number), true)
}

#[test]
fn what_is_encoded_once_is_kept_and_the_cache_is_told_that_it_grew() {
    let (fleet, told) = fleet(100, 10.0);
    let first = list(&fleet, 1);
    assert!(Arc::ptr_eq(&first, &list(&fleet, 1)));
    assert_eq!(told.load(Ordering::SeqCst), 1);
    assert_eq!(fleet.instances.encoded.weight(), first.weight());
    list(&fleet, 2);
    assert_eq!(told.load(Ordering::SeqCst), 2);
}

#[test]
fn of_more_projections_than_are_kept_the_oldest_goes() {
    let (fleet, _) = fleet(100, 100.0);
    let lists: Vec<_> = (0..=KEPT).map(|number| list(&fleet, number)).collect();
    assert_eq!(fleet.instances.encoded.lock().len(), KEPT);
    assert!(!Arc::ptr_eq(&lists[0], &list(&fleet, 0)));
    assert!(Arc::ptr_eq(&lists[KEPT], &list(&fleet, KEPT)));
}

#[test]
fn encodings_stay_within_the_room_that_the_cache_gives_them() {
    let (fleet, _) = fleet(100, 2.5);
    for number in 0..10 {
        let one = list(&fleet, number).weight();
        let weight = fleet.instances.encoded.weight();
        assert!(weight <= 2 * one, "{weight} of {one} each");
    }
    assert_eq!(fleet.instances.encoded.lock().len(), 2);
}

#[test]
fn an_encoding_that_is_larger_than_the_room_is_served_and_not_kept() {
    let (fleet, told) = fleet(100, 0.5);
    let encoded = list(&fleet, 1);
    assert_eq!(encoded.len(), 100);
    assert_eq!(fleet.instances.encoded.weight(), 0);
    assert_eq!(told.load(Ordering::SeqCst), 0);
}
