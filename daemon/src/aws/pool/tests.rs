use std::path::PathBuf;

use aws_ssm_proto::domain::Caller;
use zeroize::Zeroizing;

use super::*;
use crate::aws::testing::{Reply, Server, regions};
use crate::clock::Clock;
use crate::identity::{DefaultSettings, Identities};
use crate::metrics::Metrics;
use crate::resilience::ResilienceConfig;

struct Fixture {
    server: Server,
    identities: Identities,
    pool: Pool,
}

async fn fixture(config: PoolConfig) -> Fixture {
    let who = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
        <Arn>arn:aws:iam::111122223333:user/a</Arn><UserId>U</UserId>\
        <Account>111122223333</Account>\
        </GetCallerIdentityResult></GetCallerIdentityResponse>";
    let server = Server::start([Reply::Http(200, who.into()), regions(&["a"])]).await;
    let resilience = ResilienceConfig::default();
    let connector = Connector::new(&resilience);
    let resilience = Arc::new(Resilience::new(resilience, Arc::new(Metrics::new())));
    let defaults = DefaultSettings {
        region: Some("eu-west-1".into()),
        profile: None,
        session_name: "me".into(),
        is_instance: false,
    };
    let clock = Clock::boot();
    let identities = Identities::new(
        &connector,
        Arc::clone(&resilience),
        defaults,
        clock,
        crate::persist::Disk::nowhere(),
    );
    Fixture {
        server,
        identities,
        pool: Pool::new(&config, connector, resilience),
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

impl Fixture {
    async fn identity(&self) -> VerifiedIdentity {
        let nowhere = PathBuf::from("/nonexistent");
        let mut caller = Caller {
            endpoint_url: Some(self.server.url.clone()),
            config_file: nowhere.join("config"),
            credentials_file: nowhere.join("credentials"),
            home: nowhere,
            ..Caller::default()
        };
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            let value = Zeroizing::new("AKIAEXAMPLE".to_owned());
            caller.environment.insert(name.to_owned(), value);
        }
        let admission = self.identities.admit(&caller, soon()).await;
        admission.expect("STS names the caller").identity
    }
}

#[tokio::test]
async fn a_hit_opens_no_connection_and_asks_nobody() {
    let fixture = fixture(PoolConfig::default()).await;
    let identity = fixture.identity().await;
    let first = fixture.pool.client(&identity, "eu-west-1");
    first.describe_regions(soon()).await.unwrap();
    assert_eq!(fixture.server.requests().len(), 2, "STS once, EC2 once");
    for _ in 0..10 {
        let again = fixture.pool.client(&identity, "eu-west-1");
        assert!(Arc::ptr_eq(&first, &again));
    }
    first.describe_regions(soon()).await.unwrap();
    assert_eq!(fixture.server.requests().len(), 3);
    assert_eq!(fixture.server.connections(), 1, "STS and EC2 share it");
    let stats = fixture.pool.stats();
    assert_eq!((stats.size, stats.hits, stats.misses), (1, 10, 1));
}

#[tokio::test]
async fn regions_have_clients_of_their_own_and_the_least_used_goes() {
    let config = PoolConfig {
        capacity: 1,
        ..PoolConfig::default()
    };
    let fixture = fixture(config).await;
    let identity = fixture.identity().await;
    let one = fixture.pool.client(&identity, "eu-west-1");
    let other = fixture.pool.client(&identity, "eu-west-2");
    assert_eq!((one.region(), other.region()), ("eu-west-1", "eu-west-2"));
    let stats = fixture.pool.stats();
    assert_eq!((stats.size, stats.misses), (1, 2));
    assert_eq!((stats.evicted_by_capacity, stats.evicted_by_age), (1, 0));
}

#[tokio::test]
async fn clients_that_nobody_uses_are_dropped_after_their_time() {
    let fixture = fixture(PoolConfig::default()).await;
    let identity = fixture.identity().await;
    tokio::time::pause();
    let client = fixture.pool.client(&identity, "eu-west-1");
    tokio::time::advance(Duration::from_secs(29 * 60)).await;
    assert_eq!(fixture.pool.stats().size, 1);
    tokio::time::advance(Duration::from_secs(60)).await;
    let stats = fixture.pool.stats();
    assert_eq!((stats.size, stats.evicted_by_age), (0, 1));
    assert_eq!(Arc::strong_count(&client), 1, "only the test holds it");
}
