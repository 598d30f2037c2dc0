//! Very many keys leave bounded memory.

use aws_ssm_proto::domain::ListQuery;
use aws_ssm_tests::harness::{TestDaemon, caller, list_ids};
use aws_ssm_tests::sandbox::{Sandbox, SandboxConfig};

use crate::stage::{REGION, listed, small, sorted};

#[tokio::test]
async fn more_identities_than_there_is_room_for_are_all_answered_within_the_bounds() {
    const ACCOUNTS: usize = 40;
    let sandbox = Sandbox::start(SandboxConfig {
        accounts: ACCOUNTS,
        regions: vec![REGION.to_owned()],
        instances: 150,
        ..small()
    });
    let sandbox = sandbox.await.expect("a sandbox");
    let config = "performance:\n  client_pool_size: 10\n  memory_limit_mb: 1\n\
                  cache:\n  keep_warm_minutes: 0\n";
    let daemon = TestDaemon::start(config).await;
    let client = daemon.client().await;
    for number in 0..ACCOUNTS {
        let caller = caller(&sandbox, sandbox.account(number), &[REGION]);
        let (ids, _) = list_ids(&client, &caller, ListQuery::default())
            .await
            .expect("a list");
        assert_eq!(sorted(ids), listed(&sandbox, number, REGION));
        let stats = client.metrics().await.expect("stats");
        assert!(stats.pool.size <= 10, "{:?}", stats.pool);
        assert!(stats.cache.bytes <= 1 << 20, "{:?}", stats.cache);
    }
    let stats = client.metrics().await.expect("stats");
    assert!(stats.pool.evicted_by_capacity > 0, "{:?}", stats.pool);
    assert!(stats.cache.entries > 0, "{:?}", stats.cache);
    assert_eq!(stats.identities, ACCOUNTS as u64);
    // What was evicted is loaded again when it is asked for.
    let first = caller(&sandbox, sandbox.account(0), &[REGION]);
    let (ids, _) = list_ids(&client, &first, ListQuery::default())
        .await
        .expect("a list");
    assert_eq!(sorted(ids), listed(&sandbox, 0, REGION));
    drop(client);
    daemon.stop().await;
}
