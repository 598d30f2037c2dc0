//! Credentials that are wrong, end, or come to mean somebody else.

use aws_ssm_proto::domain::{Caller, Error, ErrorKind, Freshness, ListQuery};
use aws_ssm_tests::harness::{Home, TestDaemon, caller, forget_keys, list_ids};
use aws_ssm_tests::sandbox::{Account, Fault, Sandbox};

use crate::stage::{REGION, first_caller, listed, sandbox, sorted};

struct World {
    sandbox: Sandbox,
    daemon: TestDaemon,
    client: aws_ssm_proto::Client,
}

async fn world() -> World {
    world_of("resilience:\n  max_attempts: 1\n").await
}

async fn world_of(config: &str) -> World {
    let daemon = TestDaemon::start(config).await;
    World {
        sandbox: sandbox().await,
        client: daemon.client().await,
        daemon,
    }
}

impl World {
    async fn list(&self, caller: &Caller, freshness: Freshness) -> Result<Vec<String>, Error> {
        let query = ListQuery {
            freshness,
            ..ListQuery::default()
        };
        let (ids, _) = list_ids(&self.client, caller, query).await?;
        Ok(sorted(ids))
    }

    fn fleet(&self, account: usize) -> Vec<String> {
        listed(&self.sandbox, account, REGION)
    }

    /// A refusal in three parts, of this kind.
    async fn refused(&self, caller: &Caller, kind: ErrorKind) -> Error {
        let error = self.list(caller, Freshness::Configured).await;
        let error = error.expect_err("refused");
        assert_eq!(error.kind, kind, "{error:?}");
        assert!(
            !error.what.is_empty() && !error.why.is_empty() && !error.hint.is_empty(),
            "{error:?}"
        );
        error
    }
}

fn set(caller: &mut Caller, name: &str, value: &str) {
    caller
        .environment
        .insert(name.to_owned(), value.to_owned().into());
}

#[tokio::test]
async fn a_wrong_secret_sees_nothing_of_a_warm_fleet() {
    let world = world().await;
    let right = first_caller(&world.sandbox);
    world
        .list(&right, Freshness::Configured)
        .await
        .expect("a list");
    let mut wrong = right.clone();
    set(
        &mut wrong,
        "AWS_SECRET_ACCESS_KEY",
        "0123456789012345678901234567890123456789",
    );
    let error = world.refused(&wrong, ErrorKind::Credentials).await;
    assert!(error.hint.contains("secret access key"), "{error:?}");
    let mut unknown = right.clone();
    set(&mut unknown, "AWS_ACCESS_KEY_ID", "AKIANOBODYS4KEY00000");
    world.refused(&unknown, ErrorKind::Credentials).await;
    let mut token = right.clone();
    set(&mut token, "AWS_SESSION_TOKEN", "not-a-token");
    world.refused(&token, ErrorKind::Credentials).await;
    assert_eq!(
        world
            .list(&right, Freshness::Configured)
            .await
            .expect("a list"),
        world.fleet(0)
    );
    world.daemon.stop().await;
}

#[tokio::test]
async fn a_token_that_has_expired_is_refused_and_others_are_served_on() {
    let world = world().await;
    let (first, second) = (world.sandbox.account(0), world.sandbox.account(1));
    let ours = first_caller(&world.sandbox);
    let theirs = caller(&world.sandbox, second, &[REGION]);
    for caller in [&ours, &theirs] {
        world
            .list(caller, Freshness::Configured)
            .await
            .expect("a list");
    }
    let expired = world
        .sandbox
        .inject(Fault::expired_token().for_key(&first.access_key));
    let error = world
        .list(&ours, Freshness::Fresh)
        .await
        .expect_err("expired");
    assert_eq!(error.kind, ErrorKind::Credentials);
    assert!(error.what.contains("expired"), "{error:?}");
    // From now on they are not what they were verified as, warm data or not.
    world.refused(&ours, ErrorKind::Credentials).await;
    assert_eq!(
        world
            .list(&theirs, Freshness::Configured)
            .await
            .expect("a list"),
        world.fleet(1)
    );

    // Renewed, they serve again, without the daemon being told.
    world.sandbox.remove_fault(expired);
    assert_eq!(
        world
            .list(&ours, Freshness::Configured)
            .await
            .expect("a list"),
        world.fleet(0)
    );
    world.daemon.stop().await;
}

fn write_profile(home: &Home, account: &Account) {
    let Account {
        access_key,
        secret_key,
        ..
    } = account;
    let text =
        format!("[work]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n");
    home.write("credentials", &text);
}

fn of_profile(world: &World, home: &Home) -> Caller {
    let mut caller = first_caller(&world.sandbox);
    forget_keys(&mut caller);
    caller.profile = Some("work".to_owned());
    caller.credentials_file = home.path().join("credentials");
    caller
}

#[tokio::test]
async fn a_profile_that_now_means_another_account_shows_that_accounts_fleet() {
    let world = world().await;
    let home = Home::new();
    let caller = of_profile(&world, &home);
    for account in [0, 1, 0, 1] {
        write_profile(&home, world.sandbox.account(account));
        let ids = world
            .list(&caller, Freshness::Configured)
            .await
            .expect("a list");
        assert_eq!(ids, world.fleet(account));
        let identity = world.client.whoami(&caller).await.expect("known");
        assert_eq!(identity.account, world.sandbox.account(account).id);
    }
    assert_eq!(
        world.sandbox.counts().of("DescribeInstances"),
        2,
        "each fleet stays warm"
    );
    world.daemon.stop().await;
}

#[tokio::test]
async fn a_profile_file_that_breaks_is_refused_until_it_is_mended() {
    let world = world().await;
    let home = Home::new();
    let caller = of_profile(&world, &home);
    write_profile(&home, world.sandbox.account(0));
    world
        .list(&caller, Freshness::Configured)
        .await
        .expect("a list");
    home.write("credentials", "[work\naws_access_key_id = x\n");
    let error = world.refused(&caller, ErrorKind::Config).await;
    assert!(format!("{error:?}").contains("credentials"), "{error:?}");
    write_profile(&home, world.sandbox.account(0));
    assert_eq!(
        world
            .list(&caller, Freshness::Configured)
            .await
            .expect("a list"),
        world.fleet(0)
    );
    world.daemon.stop().await;
}

#[tokio::test]
async fn settings_that_lead_nowhere_say_what_is_missing() {
    let world = world().await;
    let home = Home::new();
    write_profile(&home, world.sandbox.account(0));
    let with = |change: fn(&mut Caller)| {
        let mut caller = of_profile(&world, &home);
        change(&mut caller);
        caller
    };
    let nobody = with(|caller| caller.profile = None);
    let error = world.refused(&nobody, ErrorKind::Credentials).await;
    assert!(error.what.contains("no AWS credentials"), "{error:?}");

    let unknown = with(|caller| caller.profile = Some("worc".to_owned()));
    let error = world.refused(&unknown, ErrorKind::Credentials).await;
    assert!(error.hint.contains("work"), "{error:?}");

    let half = with(|caller| {
        caller.profile = None;
        set(caller, "AWS_ACCESS_KEY_ID", "AKIAHALF");
    });
    let error = world.refused(&half, ErrorKind::Credentials).await;
    assert!(error.why.contains("AWS_SECRET_ACCESS_KEY"), "{error:?}");
    assert_eq!(world.sandbox.counts().total(), 0, "nobody was asked");
    world.daemon.stop().await;
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_says_so() {
    let world = world().await;
    let mut caller = first_caller(&world.sandbox);
    caller.role_arn = Some(world.sandbox.account(1).role_arn("nonesuch"));
    let error = world.refused(&caller, ErrorKind::Permission).await;
    assert!(error.hint.contains("sts:AssumeRole"), "{error:?}");
    caller.role_arn = Some(world.sandbox.account(1).role_arn("mfa"));
    world.refused(&caller, ErrorKind::Permission).await;
    world.daemon.stop().await;
}

#[tokio::test]
async fn a_session_that_ends_between_two_pages_is_renewed_and_the_list_is_whole() {
    let world = world_of("performance:\n  streaming_page_size: 20\n").await;
    let mut caller = first_caller(&world.sandbox);
    caller.role_arn = Some(world.sandbox.account(0).role_arn("ops"));
    let list = async |freshness| world.list(&caller, freshness).await;
    list(Freshness::Configured).await.expect("a list");
    let assumed = || world.sandbox.counts().of("AssumeRole");
    assert_eq!(assumed(), 1);
    let ended = Fault::expired_token().on("DescribeInstances");
    world.sandbox.inject(ended.clone().after(1).times(1));
    let fresh = list(Freshness::Fresh).await;
    assert_eq!(fresh.expect("a list"), world.fleet(0));
    assert_eq!(assumed(), 2);
    // Once: an AWS that goes on saying so is believed.
    world.sandbox.inject(ended);
    let error = list(Freshness::Fresh).await.expect_err("expired");
    assert_eq!(error.kind, ErrorKind::Credentials);
    assert_eq!(assumed(), 3);
    world.daemon.stop().await;
}
