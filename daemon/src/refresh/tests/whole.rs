//! A fleet changes as a whole: no reader sees half of a refresh.

use super::*;

/// Fleets that differ in every row, of several pages each.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_racing_a_refresh_see_all_of_the_old_fleet_or_all_of_the_new() {
    const VERSIONS: u32 = 25;
    const READERS: usize = 16;
    let world = World::of("performance:\n  streaming_page_size: 50\n", 120);
    world.read().await;
    let (world, done) = (Arc::new(world), CancellationToken::new());
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let (world, done) = (Arc::clone(&world), done.clone());
            tokio::spawn(async move {
                let mut newest = 0;
                while !done.is_cancelled() {
                    // Reading it checks that all of its rows are of one version.
                    let got = world.read().await;
                    assert!(got.version >= newest, "never back to the old");
                    newest = got.version;
                    tokio::task::yield_now().await;
                }
                newest
            })
        })
        .collect();
    for _ in 1..VERSIONS {
        world.aws.change();
        let fresh = world.read_as("anna", REGION, Freshness::Fresh).await;
        fresh.expect("a load");
    }
    done.cancel();
    for reader in readers {
        reader.await.expect("it saw whole fleets only");
    }
    assert_eq!(world.read().await.version, VERSIONS);
    Arc::into_inner(world)
        .expect("the readers are gone")
        .end()
        .await;
}
