use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_ssm_proto::domain::{ProcessCredentials, Question, Turn};

use super::testing::{FakeSts, FixedClock, MFA_CODE, defaults, variables};
use super::*;

pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

/// Identities with an STS to command, two clocks to turn, and a home.
pub(super) struct World {
    pub(super) identities: Identities,
    pub(super) sts: Arc<FakeSts>,
    pub(super) wall: FixedClock,
    pub(super) idle: Arc<AtomicU64>,
    pub(super) home: tempfile::TempDir,
}

impl World {
    fn new(make_sts: fn(&FixedClock) -> Arc<FakeSts>) -> Self {
        // Files written now are settled by this clock.
        let wall = FixedClock::at(SystemTime::now() + HOUR);
        let sts = make_sts(&wall);
        let idle = Arc::new(AtomicU64::new(0));
        let read = Arc::clone(&idle);
        let clock = Clock::from_fn(move || Duration::from_secs(read.load(Ordering::SeqCst)));
        let asked = Arc::clone(&sts) as Arc<dyn TokenService>;
        let keys = KeyMaker::with([3; 32]);
        let identities = Identities::with_parts(
            asked,
            defaults(),
            keys,
            clock,
            wall.source(),
            Disk::nowhere(),
        );
        Self {
            identities,
            sts,
            wall,
            idle,
            home: tempfile::tempdir().unwrap(),
        }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A caller with these keys in its environment, in eu-west-1.
    fn caller(&self, id: &str) -> Caller {
        let mut caller = variables(&[
            ("AWS_ACCESS_KEY_ID", id),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "eu-west-1"),
        ]);
        self.at_home(&mut caller);
        caller
    }

    fn of_profile(&self, profile: &str) -> Caller {
        let mut caller = variables(&[("AWS_REGION", "eu-west-1")]);
        caller.profile = Some(profile.into());
        self.at_home(&mut caller);
        caller
    }

    fn at_home(&self, caller: &mut Caller) {
        caller.home = self.home.path().to_owned();
        caller.config_file = self.home.path().join("config");
        caller.credentials_file = self.home.path().join("credentials");
    }

    pub(super) async fn admit(&self, caller: &Caller) -> Result<Admission, Error> {
        self.identities.admit(caller, soon()).await
    }

    pub(super) async fn identity(&self, caller: &Caller) -> VerifiedIdentity {
        self.admit(caller).await.unwrap().identity
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn refusal() -> Error {
    Error::new(ErrorKind::Credentials, "refused")
}

fn keys_of(profile: &str, id: &str) -> String {
    format!("[{profile}]\naws_access_key_id = {id}\naws_secret_access_key = secret\n")
}

/// Lets every task that can go on do so.
pub(super) async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_caller_is_verified_once() {
    let world = World::new(FakeSts::open);
    let caller = world.caller("anna");
    let first = world.admit(&caller).await.unwrap();
    let second = world.admit(&caller).await.unwrap();
    assert_eq!(world.sts.identities(), 1);
    assert!(first.identity.is_same(&second.identity));
    let identity = first.identity;
    assert_eq!(
        identity.principal().arn(),
        "arn:aws:iam::123456789012:user/anna"
    );
    assert_eq!(identity.source(), "environment");
    assert_eq!(identity.expires_at(), None);
    assert_eq!(first.regions.named(), ["eu-west-1"]);
}

#[tokio::test]
async fn an_explicit_profile_is_used_although_keys_are_exported() {
    let world = World::new(FakeSts::open);
    world.write("credentials", &keys_of("prod", "paula"));
    let mut caller = world.caller("anna");
    caller.profile = Some("prod".into());
    let identity = world.identity(&caller).await;
    assert_eq!(identity.principal().user_id(), "AIDApaula");
    assert_eq!(identity.source(), "profile prod");
}

#[tokio::test]
async fn every_pair_of_callers_is_told_apart() {
    let world = World::new(FakeSts::open);
    world.write(
        "credentials",
        &(keys_of("a", "paul") + &keys_of("b", "peter")),
    );
    let elsewhere = world.write("elsewhere", &keys_of("a", "mary"));
    let mut other_file = world.of_profile("a");
    other_file.credentials_file = elsewhere;
    let mut other_endpoint = world.of_profile("a");
    other_endpoint.endpoint_url = Some("http://127.0.0.1:1".into());
    let mut with_role = world.of_profile("a");
    with_role.role_arn = Some(ROLE.into());
    let callers = [
        world.caller("anna"),
        world.caller("bert"),
        world.of_profile("a"),
        world.of_profile("b"),
        other_file,
        other_endpoint,
        with_role,
    ];
    let mut identities = Vec::new();
    for caller in &callers {
        identities.push(world.identity(caller).await);
    }
    for (i, one) in identities.iter().enumerate() {
        for other in &identities[i + 1..] {
            assert_ne!(one.credential_key(), other.credential_key());
            assert_ne!(one.principal(), other.principal());
            assert_ne!(one.call_target("eu-west-1"), other.call_target("eu-west-1"));
        }
    }
    assert_eq!(world.identities.count(), callers.len());
}

#[tokio::test]
async fn two_ways_to_one_principal_are_one_principal() {
    let world = World::new(FakeSts::open);
    world.write("credentials", &keys_of("a", "anna"));
    let one = world.identity(&world.caller("anna")).await;
    let other = world.identity(&world.of_profile("a")).await;
    assert_ne!(one.credential_key(), other.credential_key());
    assert_eq!(one.principal(), other.principal());
    assert_eq!(one.call_target("x"), other.call_target("x"));
}

#[tokio::test]
async fn a_changed_credentials_file_is_another_caller() {
    let world = World::new(FakeSts::open);
    world.write("credentials", &keys_of("a", "anna"));
    let before = world.identity(&world.of_profile("a")).await;
    world.write("credentials", &keys_of("a", "berta"));
    let after = world.identity(&world.of_profile("a")).await;
    assert_ne!(before.credential_key(), after.credential_key());
    assert_eq!(after.principal().user_id(), "AIDAberta");
}

#[tokio::test]
async fn another_region_needs_no_other_verification() {
    let world = World::new(FakeSts::open);
    let mut caller = world.caller("anna");
    world.admit(&caller).await.unwrap();
    caller.regions = vec!["us-east-1".into(), "us-east-2".into()];
    let admission = world.admit(&caller).await.unwrap();
    assert_eq!(admission.regions.named(), caller.regions);
    assert_eq!(world.sts.identities(), 1);
}

#[tokio::test]
async fn two_hundred_callers_at_once_verify_once() {
    let world = Arc::new(World::new(FakeSts::closed));
    let admit = || {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.identity(&world.caller("anna")).await })
    };
    let callers: Vec<_> = (0..200).map(|_| admit()).collect();
    settle().await;
    world.sts.let_through(200);
    let mut identities = Vec::new();
    for caller in callers {
        identities.push(caller.await.unwrap());
    }
    assert_eq!(world.sts.identities(), 1);
    assert!(identities.iter().all(|one| one.is_same(&identities[0])));
}

#[tokio::test]
async fn two_hundred_callers_share_one_refusal_which_is_not_kept() {
    let world = Arc::new(World::new(FakeSts::closed));
    world.sts.fail(Some(refusal()));
    let admit = || {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.admit(&world.caller("anna")).await.unwrap_err() })
    };
    let callers: Vec<_> = (0..200).map(|_| admit()).collect();
    settle().await;
    world.sts.let_through(200);
    for caller in callers {
        let error = caller.await.unwrap();
        assert_eq!(error.what, "refused");
        assert_eq!(error.why, "the credentials are those of: environment");
    }
    assert_eq!(world.sts.identities(), 1);
    world.sts.fail(None);
    world.identity(&world.caller("anna")).await;
    assert_eq!(world.sts.identities(), 2);
}

#[tokio::test]
async fn those_who_wait_are_served_when_the_first_leaves() {
    let world = Arc::new(World::new(FakeSts::closed));
    let admit = || {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.identity(&world.caller("anna")).await })
    };
    let leader = admit();
    settle().await;
    let follower = admit();
    settle().await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    world.sts.let_through(1);
    follower.await.unwrap();
    assert_eq!(world.sts.identities(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_past_the_deadline() {
    let world = World::new(FakeSts::closed);
    let began = Instant::now();
    let deadline = began + Duration::from_secs(2);
    let admitted = world
        .identities
        .admit(&world.caller("anna"), deadline)
        .await;
    assert_eq!(admitted.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(Instant::now(), deadline);
}

#[tokio::test(start_paused = true)]
async fn a_verification_that_never_ends_makes_room_for_the_next() {
    let world = World::new(FakeSts::closed);
    let patient = Instant::now() + 2 * RENEW_LIMIT;
    let admitted = world.identities.admit(&world.caller("anna"), patient).await;
    assert_eq!(admitted.unwrap_err().kind, ErrorKind::Unavailable);
    world.sts.let_through(1);
    world.identity(&world.caller("anna")).await;
}

#[tokio::test]
async fn a_refused_credential_unbinds_its_own_key_only() {
    let world = World::new(FakeSts::open);
    world.write("credentials", &keys_of("a", "anna"));
    let exported = world.identity(&world.caller("anna")).await;
    let of_profile = world.identity(&world.of_profile("a")).await;
    world.identities.unbind(&exported);
    assert!(of_profile.is_same(&world.identity(&world.of_profile("a")).await));
    assert_eq!(world.sts.identities(), 2);
    let again = world.identity(&world.caller("anna")).await;
    assert_eq!(world.sts.identities(), 3);
    world.identities.unbind(&exported);
    let bound = world.identity(&world.caller("anna")).await;
    assert!(bound.is_same(&again), "an old refusal ends no new binding");
}

#[tokio::test]
async fn a_verification_that_breaks_off_lets_the_next_caller_try() {
    let world = World::new(FakeSts::open);
    let identity = world.identity(&world.caller("anna")).await;
    world.identities.unbind(&identity);
    let registry = &world.identities.inner.registry;
    for _ in 0..2 {
        let known = registry.look(*identity.credential_key()).unwrap();
        assert!(matches!(known, Known::Nothing(_)));
    }
}

#[tokio::test]
async fn a_binding_ends_with_its_credentials() {
    let world = World::new(FakeSts::open);
    let mut caller = world.caller("anna");
    caller.role_arn = Some(ROLE.into());
    let first = world.identity(&caller).await;
    assert_eq!(first.expires_at(), Some(world.wall.source().now() + HOUR));
    world.wall.advance(HOUR - Duration::from_secs(1));
    assert!(first.is_same(&world.identity(&caller).await));
    world.wall.advance(Duration::from_secs(1));
    let second = world.identity(&caller).await;
    assert!(!first.is_same(&second));
    assert_eq!((world.sts.identities(), world.sts.roles()), (2, 2));
    // Clients that were made for the first identity see the same renewal.
    assert_eq!(first.expires_at(), second.expires_at());
}

#[tokio::test]
async fn an_ended_binding_that_is_refused_is_gone() {
    let world = World::new(FakeSts::open);
    let mut caller = world.caller("anna");
    caller.role_arn = Some(ROLE.into());
    world.identity(&caller).await;
    world.wall.advance(HOUR);
    world.sts.fail(Some(refusal()));
    let error = world.admit(&caller).await.unwrap_err();
    assert_eq!(error.what, "refused");
    assert_eq!(world.identities.count(), 0);
}

#[tokio::test]
async fn a_binding_that_nobody_uses_is_forgotten() {
    let world = World::new(FakeSts::open);
    world.identity(&world.caller("anna")).await;
    world.idle.store(1800, Ordering::SeqCst);
    world.identity(&world.caller("bert")).await;
    world.idle.store(3600, Ordering::SeqCst);
    world.identities.forget_idle();
    assert_eq!(world.identities.count(), 1);
    world.identity(&world.caller("bert")).await;
    assert_eq!(world.sts.identities(), 2);
}

#[tokio::test]
async fn the_registry_is_bounded_and_the_least_used_goes() {
    let world = World::new(FakeSts::open);
    for number in 0..=1000_u64 {
        world.idle.store(number, Ordering::SeqCst);
        world
            .identity(&world.caller(&format!("user{number}")))
            .await;
        world.identity(&world.caller("user0")).await;
    }
    assert_eq!(world.identities.count(), 1000);
    assert_eq!(world.sts.identities(), 1001);
    world.identity(&world.caller("user0")).await;
    assert_eq!(world.sts.identities(), 1001);
    world.identity(&world.caller("user1")).await;
    assert_eq!(world.sts.identities(), 1002);
}

#[tokio::test]
async fn too_many_verifications_at_once_are_refused() {
    let world = Arc::new(World::new(FakeSts::closed));
    let admit = |number: usize| {
        let world = Arc::clone(&world);
        let caller = world.caller(&format!("user{number}"));
        tokio::spawn(async move { world.admit(&caller).await.map(|_| ()) })
    };
    let waiting: Vec<_> = (0..256).map(admit).collect();
    settle().await;
    let error = admit(256).await.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Daemon);
    world.sts.let_through(256);
    for caller in waiting {
        caller.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_stop_ends_the_verifications_under_way() {
    let world = Arc::new(World::new(FakeSts::closed));
    let waiting = {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.admit(&world.caller("anna")).await.unwrap_err() })
    };
    settle().await;
    world.identities.shutdown().await;
    assert_eq!(waiting.await.unwrap().kind, ErrorKind::Daemon);
}

#[tokio::test]
async fn settings_that_lead_nowhere_ask_nobody() {
    let world = World::new(FakeSts::open);
    let kind = async |caller: &Caller| world.admit(caller).await.unwrap_err().kind;
    let mut caller = world.of_profile("nobody");
    assert_eq!(kind(&caller).await, ErrorKind::Credentials);
    caller.profile = None;
    assert_eq!(kind(&caller).await, ErrorKind::Credentials);
    let mut caller = world.caller("anna");
    caller.regions = vec!["nowhere".into()];
    assert_eq!(kind(&caller).await, ErrorKind::Usage);
    caller.regions.clear();
    caller.environment.remove("AWS_REGION");
    assert_eq!(kind(&caller).await, ErrorKind::Usage);
    world.write("config", "nonsense\n");
    assert_eq!(kind(&world.caller("anna")).await, ErrorKind::Config);
    assert_eq!(world.sts.identities() + world.sts.roles(), 0);
}

#[tokio::test]
async fn a_new_web_identity_token_is_verified_anew() {
    let world = World::new(FakeSts::open);
    let token = world.write("token", "one");
    let mut caller = variables(&[
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_REGION", "eu-west-1"),
    ]);
    world.at_home(&mut caller);
    let before = world.identity(&caller).await;
    assert!(before.is_same(&world.identity(&caller).await));
    world.write("token", "three");
    let after = world.identity(&caller).await;
    assert_ne!(before.credential_key(), after.credential_key());
    let log = [
        format!("one {ROLE} aws-ssm-anna"),
        format!("three {ROLE} aws-ssm-anna"),
    ];
    assert_eq!(world.sts.log(), log);
}

#[tokio::test]
async fn nobody_is_asked_before_a_person_has_answered() {
    let world = World::new(FakeSts::open);
    world.write("credentials", &keys_of("base", "anna"));
    world.write(
        "config",
        &format!("[profile a]\nrole_arn = {ROLE}\nsource_profile = base\nmfa_serial = arn:mfa\n"),
    );
    let error = world.admit(&world.of_profile("a")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Credentials);
    let challenge = error.challenge.unwrap();
    // Of the keys that the code would come with, STS was asked whether they are good.
    assert_eq!((world.sts.identities(), world.sts.roles()), (1, 0));

    let mut queue = world.identities.queue_up(&challenge.id, soon());
    let Ok(Some(Turn::Ours(turn))) = queue.next().await else {
        panic!("nobody else waits");
    };
    let code = Answer::MfaCode(MFA_CODE.to_owned().into());
    let taken = world.identities.answer(&challenge.id, turn, code, soon());
    assert_eq!(taken.await, Ok(true));
    let identity = world.identity(&world.of_profile("a")).await;
    assert!(!identity.needs_caller());
    // An edit that has nothing to do with it costs no code.
    world.write(
        "credentials",
        &(keys_of("base", "anna") + &keys_of("b", "bert")),
    );
    let edited = world.identity(&world.of_profile("a")).await;
    assert_ne!(identity.credential_key(), edited.credential_key());
    assert_eq!(world.sts.roles(), 1);

    world.wall.advance(HOUR);
    assert!(identity.needs_caller(), "workers leave it alone");
    let error = world.admit(&world.of_profile("a")).await.unwrap_err();
    assert!(error.challenge.is_some(), "the next call is asked again");
}

#[tokio::test]
async fn a_code_that_could_not_be_used_is_not_asked_for() {
    let world = World::new(FakeSts::open);
    world.write("credentials", &keys_of("base", "anna"));
    world.write(
        "config",
        &format!("[profile a]\nrole_arn = {ROLE}\nsource_profile = base\nmfa_serial = arn:mfa\n"),
    );
    let out_of_reach = Error::new(ErrorKind::Unavailable, "cannot reach STS");
    for why in [out_of_reach, refusal()] {
        world.sts.fail(Some(why.clone()));
        let error = world.admit(&world.of_profile("a")).await.unwrap_err();
        assert_eq!((error.kind, &error.what), (why.kind, &why.what));
        assert!(error.challenge.is_none());
    }
}

#[tokio::test]
async fn keys_of_a_process_that_sts_refuses_are_forgotten() {
    let world = World::new(FakeSts::open);
    world.write("config", "[profile p]\ncredential_process = give\n");
    let mut caller = world.of_profile("p");
    let error = world.admit(&caller).await.unwrap_err();
    let question = error.challenge.unwrap().question;
    assert_eq!(question, Question::EnvironmentDigest);
    caller.environment_digest = Some([1; 16]);
    let give = async |id: &str| {
        let error = world.admit(&caller).await.unwrap_err();
        let challenge = error.challenge.unwrap();
        let mut queue = world.identities.queue_up(&challenge.id, soon());
        let Ok(Some(Turn::Ours(turn))) = queue.next().await else {
            panic!("nobody else waits");
        };
        let answer = Answer::Credentials(ProcessCredentials {
            access_key_id: id.to_owned(),
            secret_access_key: "secret".to_owned().into(),
            session_token: None,
            expires_at: None,
        });
        let taken = world.identities.answer(&challenge.id, turn, answer, soon());
        assert_eq!(taken.await, Ok(true));
    };
    give("bad").await;
    world.sts.fail(Some(refusal()));
    assert_eq!(world.admit(&caller).await.unwrap_err().what, "refused");
    world.sts.fail(None);
    give("good").await;
    let identity = world.identity(&caller).await;
    assert_eq!(identity.principal().user_id(), "AIDAgood");
    assert_eq!(identity.source(), "profile p (credential process)");
    caller.environment_digest = Some([2; 16]);
    let error = world.admit(&caller).await.unwrap_err();
    assert!(
        error.challenge.is_some(),
        "another environment, another run"
    );
}
