//! Everything that is kept has an end.

use aws_ssm_proto::domain::Column;

use super::*;
use crate::inventory::AgentsNeed;

/// The standard list of a user's fleet in these columns; its bytes.
async fn list(world: &World, user: &str, columns: &[Column]) -> u64 {
    let identity = world.identity(user).await;
    let (configured, ignore) = (Freshness::Configured, AgentsNeed::Ignore);
    let fleet = world
        .inventory
        .fleet(&identity, REGION, configured, ignore, soon());
    let (fleet, _) = fleet.await.expect("data");
    let pages = fleet.standard_list(columns, true).pages(usize::MAX);
    pages.iter().map(|page| page.len() as u64).sum()
}

#[tokio::test(start_paused = true)]
async fn encodings_count_against_the_memory_limit() {
    const LIMIT: u64 = 1 << 20;
    let world = World::of("performance:\n  memory_limit_mb: 1\n", 500);
    let tags = |name: &str| vec![Column::Id, Column::Name, Column::Tag(name.to_owned())];
    let mut encoded = 0;
    for number in 0..20 {
        let user = format!("user{number}");
        for columns in [tags("Name"), tags("a"), tags("b"), tags("c")] {
            encoded += list(&world, &user, &columns).await;
            let weighed = world.inventory.instances.weighed();
            assert!(weighed <= LIMIT, "{weighed} bytes");
            // What is counted is what is there.
            let held: u64 = world.inventory.describe().iter().map(|e| e.bytes).sum();
            assert!(held <= weighed, "{held} bytes, {weighed} counted");
        }
    }
    assert!(encoded > LIMIT, "the encodings alone would be too much");
    assert!(!world.inventory.describe().is_empty());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_nobody_used_for_a_day_is_forgotten() {
    let world = World::new("");
    world.read().await;
    world.at(23 * HOUR).await;
    world.inventory.forget_unused();
    assert_eq!(world.inventory.describe().len(), 1);
    world
        .read_as("berta", REGION, Freshness::Configured)
        .await
        .expect("data");
    world.at(24 * HOUR).await;
    world.inventory.forget_unused();
    let left = world.inventory.describe();
    assert_eq!(left.len(), 1);
    assert!(left[0].principal.ends_with("berta"), "{left:?}");
    world.end().await;
}
