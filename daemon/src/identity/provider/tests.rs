use std::path::PathBuf;

use zeroize::Zeroizing;

use super::*;
use crate::identity::KeyMaker;
use crate::identity::plan::{Origin, StaticKeys};
use crate::identity::testing::{FakeSts, FixedClock, place};

fn keys(id: &str) -> CredentialPlan {
    CredentialPlan::Static(StaticKeys {
        credentials: Credentials::new(id, "secret", None, None, "test"),
        origin: Origin::Environment,
    })
}

fn role(source: CredentialPlan, role_arn: &str) -> CredentialPlan {
    CredentialPlan::AssumeRole(Box::new(RolePlan {
        source,
        role_arn: role_arn.into(),
        external_id: Some(Zeroizing::new("external".into())),
        session_name: "session".into(),
        duration: None,
        mfa: None,
        origin: Origin::Flag,
    }))
}

fn provider(plan: CredentialPlan, sts: &Arc<FakeSts>, clock: &FixedClock) -> Arc<Provider> {
    let sts = Arc::clone(sts) as Arc<dyn TokenService>;
    let keys = Arc::new(KeyMaker::with([1; 32]));
    let challenges = Challenges::new(keys, Arc::clone(&sts), clock.source());
    let challenges = Arc::new(challenges);
    Arc::new(Provider::new(
        plan,
        sts,
        place(),
        challenges,
        clock.source(),
    ))
}

fn clock() -> FixedClock {
    FixedClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000))
}

async fn id(provider: &Provider) -> String {
    let credentials = provider.credentials().await.unwrap();
    credentials.access_key_id().to_owned()
}

fn trouble() -> Error {
    Error::new(ErrorKind::Unavailable, "trouble")
}

#[tokio::test]
async fn keys_at_hand_ask_nobody() {
    let (clock, sts) = (clock(), FakeSts::open(&clock()));
    let provider = provider(keys("AKIA"), &sts, &clock);
    assert_eq!(id(&provider).await, "AKIA");
    assert_eq!(provider.expires_at(), None);
    assert_eq!(sts.roles(), 0);
}

#[tokio::test]
async fn a_chain_is_assumed_from_its_source_outwards() {
    let clock = clock();
    let sts = FakeSts::open(&clock);
    let plan = role(role(keys("AKIA"), "inner"), "outer");
    assert_eq!(id(&provider(plan, &sts, &clock)).await, "role2");
    let expected = [
        "AKIA inner session external",
        "role1 outer session external",
    ];
    assert_eq!(sts.log(), expected);
}

#[tokio::test]
async fn credentials_are_kept_until_five_minutes_before_their_end() {
    let clock = clock();
    let sts = FakeSts::open(&clock);
    let provider = provider(role(keys("AKIA"), "r"), &sts, &clock);
    assert_eq!(id(&provider).await, "role1");
    clock.advance(Duration::from_secs(3600 - 301));
    assert_eq!(id(&provider).await, "role1");
    clock.advance(Duration::from_secs(1));
    assert_eq!(id(&provider).await, "role2");
}

#[tokio::test]
async fn a_failed_renewal_is_no_failure_while_credentials_hold() {
    let clock = clock();
    let sts = FakeSts::open(&clock);
    let provider = provider(role(keys("AKIA"), "r"), &sts, &clock);
    assert_eq!(id(&provider).await, "role1");
    clock.advance(Duration::from_secs(3600 - 100));
    sts.fail(Some(trouble()));
    assert_eq!(id(&provider).await, "role1");
    assert_eq!(id(&provider).await, "role1");
    assert_eq!(sts.roles(), 2, "the failure is followed by a pause");
    clock.advance(Duration::from_secs(100));
    assert_eq!(provider.credentials().await.unwrap_err(), trouble());
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_holds_up_nobody_while_credentials_hold() {
    let clock = clock();
    let sts = FakeSts::closed(&clock);
    let provider = provider(role(keys("AKIA"), "r"), &sts, &clock);
    sts.let_through(1);
    assert_eq!(id(&provider).await, "role1");
    clock.advance(Duration::from_secs(3600 - 100));
    let first = {
        let provider = Arc::clone(&provider);
        tokio::spawn(async move { id(&provider).await })
    };
    tokio::task::yield_now().await;
    assert_eq!(sts.roles(), 2, "somebody renews them");
    let began = Instant::now();
    for _ in 0..10 {
        assert_eq!(id(&provider).await, "role1");
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(first.await.unwrap(), "role1");
    assert_eq!(began.elapsed(), RENEW_AHEAD_LIMIT);
    // Without credentials there is nothing to do but to wait, though not for ever.
    clock.advance(Duration::from_secs(100));
    let error = provider.credentials().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(began.elapsed(), RENEW_AHEAD_LIMIT + RENEW_LIMIT);
}

#[tokio::test]
async fn all_who_wait_share_one_renewal() {
    let clock = clock();
    let sts = FakeSts::closed(&clock);
    let provider = provider(role(keys("AKIA"), "r"), &sts, &clock);
    let ask = || {
        let provider = Arc::clone(&provider);
        tokio::spawn(async move { id(&provider).await })
    };
    let waiters: Vec<_> = (0..50).map(|_| ask()).collect();
    sts.let_through(1);
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), "role1");
    }
    assert_eq!(sts.roles(), 1);
}

#[tokio::test]
async fn all_who_wait_share_one_failure() {
    let clock = clock();
    let sts = FakeSts::closed(&clock);
    sts.fail(Some(trouble()));
    let provider = provider(role(keys("AKIA"), "r"), &sts, &clock);
    let ask = || {
        let provider = Arc::clone(&provider);
        tokio::spawn(async move { provider.credentials().await.unwrap_err() })
    };
    let waiters: Vec<_> = (0..50).map(|_| ask()).collect();
    tokio::task::yield_now().await;
    sts.let_through(50);
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), trouble());
    }
    assert_eq!(sts.roles(), 1);
    sts.fail(None);
    assert_eq!(id(&provider).await, "role2");
}

#[tokio::test]
async fn a_token_is_read_anew_for_each_use() {
    let clock = clock();
    let sts = FakeSts::open(&clock);
    let home = tempfile::tempdir().unwrap();
    let token_file: PathBuf = home.path().join("token");
    let plan = CredentialPlan::WebIdentity(WebIdentityPlan {
        token_file: token_file.clone(),
        role_arn: "r".into(),
        session_name: "s".into(),
        origin: Origin::Environment,
    });
    let provider = provider(plan, &sts, &clock);
    let error = provider.credentials().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Credentials);
    for token in ["one", "two"] {
        std::fs::write(&token_file, token).unwrap();
        provider.forget();
        provider.credentials().await.unwrap();
    }
    assert_eq!(sts.log(), ["one r s", "two r s"]);
}

#[tokio::test]
async fn a_refusal_says_which_credentials_were_refused() {
    let clock = clock();
    let sts = FakeSts::open(&clock);
    sts.fail(Some(
        Error::new(ErrorKind::Credentials, "refused").why("code"),
    ));
    let provider = provider(role(keys("AKIA"), "r"), &sts, &clock);
    let error = provider.credentials().await.unwrap_err();
    assert_eq!(error.why, "code; the credentials are those of: environment");
}

#[tokio::test]
async fn clients_are_told_what_the_matter_is() {
    let clock = clock();
    let sts = FakeSts::open(&clock);
    sts.fail(Some(trouble()));
    let provider = provider(role(keys("AKIA"), "r"), &sts, &clock);
    let error = provider.provide_credentials().await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.downcast_ref::<Error>(), Some(&trouble()));
}
