use std::path::Path;

use super::*;
use crate::aws::Connector;
use crate::aws::testing::{Reply, Server};
use crate::identity::testing::{FixedClock, place};
use crate::metrics::Metrics;
use crate::resilience::{Resilience, ResilienceConfig};

const GRANTED: &str = r#"{"roleCredentials": {"accessKeyId": "ASIA", "secretAccessKey": "S",
    "sessionToken": "T", "expiration": 1900000000000}}"#;
const RENEWED: &str = r#"{"accessToken": "new", "expiresIn": 3600, "refreshToken": "next"}"#;
/// When the present token ends, in seconds since 1970.
const ENDS: u64 = 1_795_514_400;

/// A portal and a sign-in on one server, and the file of somebody who is signed in.
struct World {
    server: Server,
    home: tempfile::TempDir,
    clock: FixedClock,
    sign_on: SignOn,
}

impl World {
    async fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let config = ResilienceConfig {
            max_attempts: 1,
            ..ResilienceConfig::default()
        };
        let connector = Connector::new(&config);
        let resilience = Arc::new(Resilience::new(config, Arc::new(Metrics::new())));
        let ends = SystemTime::UNIX_EPOCH + Duration::from_secs(ENDS);
        let clock = FixedClock::at(ends - Duration::from_secs(3600));
        let world = Self {
            server: Server::start(replies).await,
            home: tempfile::tempdir().unwrap(),
            sign_on: SignOn::new(
                Sso::new(connector, resilience),
                clock.source(),
                TaskTracker::new(),
                CancellationToken::new(),
            ),
            clock,
        };
        world.sign_in("old");
        world
    }

    fn sign_in(&self, token: &str) {
        let text = format!(
            r#"{{"accessToken": "{token}", "expiresAt": "2026-11-24T10:00:00Z",
            "clientId": "id", "clientSecret": "secret", "refreshToken": "again",
            "registrationExpiresAt": "2027-01-01T00:00:00Z"}}"#
        );
        std::fs::write(self.file(), text).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("token.json")
    }

    fn plan(&self) -> SsoPlan {
        SsoPlan {
            profile: "dev".into(),
            region: "eu-west-1".into(),
            account_id: "111122223333".into(),
            role_name: "Admin".into(),
            token_file: self.file(),
            is_session: true,
            portal: Some(self.server.url.as_str().into()),
            sign_in: Some(self.server.url.as_str().into()),
        }
    }

    async fn ask(&self, plan: &SsoPlan) -> Result<Credentials, Error> {
        let deadline = Instant::now() + Duration::from_secs(30);
        self.sign_on.credentials(&place(), plan, deadline).await
    }

    /// So long before the present token ends.
    fn wait_until_left(&self, left: Duration) {
        self.clock.advance(Duration::from_secs(3600) - left);
    }

    /// The tokens that the portal was shown, and `renewal` for each renewal.
    fn asked(&self) -> Vec<String> {
        let requests = self.server.requests();
        let token = |request: &String| {
            let request = request.to_lowercase();
            let shown = request.split("x-amz-sso_bearer_token: ").nth(1);
            let shown = shown.and_then(|rest| rest.lines().next());
            shown.unwrap_or("renewal").to_owned()
        };
        requests.iter().map(token).collect()
    }
}

fn ok(body: &str) -> Reply {
    Reply::Http(200, body.into())
}

fn refused(error: Error, kind: ErrorKind) -> Error {
    assert_eq!(error.kind, kind, "{error:?}");
    for part in [&error.what, &error.why, &error.hint] {
        assert!(!part.is_empty() && !part.contains('\n'), "{error:?}");
    }
    error
}

fn kept(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn a_token_that_holds_is_good_for_the_roles_credentials() {
    let world = World::new([ok(GRANTED)]).await;
    let credentials = world.ask(&world.plan()).await.unwrap();
    assert_eq!(credentials.access_key_id(), "ASIA");
    assert_eq!(credentials.session_token(), Some("T"));
    let ends = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
    assert_eq!(credentials.expiry(), Some(ends));
    let request = &world.server.requests()[0];
    assert!(request.starts_with("GET /federation/credentials?"));
    assert!(request.contains("role_name=Admin") && request.contains("account_id=111122223333"));
    assert!(!request.to_lowercase().contains("authorization:"));
    assert_eq!(world.asked(), ["old"]);
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_its_end_and_written_back() {
    let world = World::new([ok(GRANTED), ok(RENEWED), ok(GRANTED)]).await;
    world.wait_until_left(Duration::from_secs(301));
    world.ask(&world.plan()).await.unwrap();
    world.clock.advance(Duration::from_secs(2));
    world.ask(&world.plan()).await.unwrap();
    world.ask(&world.plan()).await.unwrap();
    assert_eq!(world.asked(), ["old", "renewal", "new", "new"]);
    let kept = kept(&world.file());
    assert!(kept.contains(r#""refreshToken":"next""#), "{kept}");
    assert!(
        kept.contains(r#""expiresAt":"2026-11-24T10:55:01Z""#),
        "{kept}"
    );
}

#[tokio::test]
async fn all_who_need_a_token_share_one_renewal() {
    let world = World::new([ok(RENEWED), ok(GRANTED)]).await;
    world.wait_until_left(Duration::from_secs(60));
    let plan = world.plan();
    let asked = (0..20).map(|_| world.ask(&plan));
    for outcome in futures_util::future::join_all(asked).await {
        outcome.unwrap();
    }
    let renewals = world.asked().into_iter().filter(|asked| asked == "renewal");
    assert_eq!(renewals.count(), 1);
}

#[tokio::test]
async fn a_renewal_that_fails_is_no_failure_while_the_token_holds() {
    let world = World::new([Reply::Http(500, String::new()), ok(GRANTED)]).await;
    world.wait_until_left(Duration::from_secs(60));
    world.ask(&world.plan()).await.unwrap();
    world.ask(&world.plan()).await.unwrap();
    assert_eq!(
        world.asked(),
        ["renewal", "old", "old"],
        "half a minute's pause"
    );
}

#[tokio::test]
async fn a_sign_in_that_has_expired_is_an_error_at_once_with_the_command() {
    let invalid = r#"{"error": "invalid_grant", "__type": "InvalidGrantException"}"#;
    let world = World::new([Reply::Http(400, invalid.into()), ok(GRANTED)]).await;
    world.wait_until_left(Duration::ZERO);
    for _ in 0..2 {
        let error = world.ask(&world.plan()).await.unwrap_err();
        let error = refused(error, ErrorKind::Credentials);
        assert_eq!(error.what, "the sign-in of profile dev has expired");
        assert_eq!(error.hint, "run aws sso login --profile dev");
    }
    assert_eq!(world.asked(), ["renewal"], "it is not tried again at once");
    world.sign_in("old");
    let mut legacy = world.plan();
    legacy.is_session = false;
    let error = world.ask(&legacy).await.unwrap_err();
    refused(error, ErrorKind::Credentials);
    assert_eq!(
        world.asked().len(),
        1,
        "a sign-in without a session is never renewed"
    );
}

#[tokio::test]
async fn who_signs_in_again_is_served_although_the_renewal_has_failed() {
    let world = World::new([Reply::Cut, ok(GRANTED)]).await;
    world.wait_until_left(Duration::ZERO);
    let error = world.ask(&world.plan()).await.unwrap_err();
    refused(error, ErrorKind::Unavailable);
    let text = kept(&world.file()).replace("2026-11-24", "2026-11-25");
    std::fs::write(world.file(), text).unwrap();
    world.ask(&world.plan()).await.unwrap();
    assert_eq!(world.asked(), ["renewal", "old"]);
}

#[tokio::test]
async fn nobody_signed_in_is_told_where_the_token_would_be() {
    let world = World::new([ok(GRANTED)]).await;
    std::fs::remove_file(world.file()).unwrap();
    let mut plan = world.plan();
    plan.profile = "my dev".into();
    let error = refused(world.ask(&plan).await.unwrap_err(), ErrorKind::Credentials);
    assert_eq!(error.what, "profile my dev is not signed in");
    assert!(error.why.contains("token.json"));
    assert_eq!(error.hint, "run aws sso login --profile 'my dev'");
    std::fs::write(world.file(), "hunter2").unwrap();
    let error = refused(world.ask(&plan).await.unwrap_err(), ErrorKind::Credentials);
    assert!(!format!("{error:?}").contains("hunter2"));
    assert!(world.asked().is_empty());
}

#[tokio::test]
async fn the_portals_refusals_say_whose_they_are() {
    let refusal = |status, code: &str| {
        Reply::Http(
            status,
            format!(r#"{{"__type": "{code}", "message": "no"}}"#),
        )
    };
    let world = World::new([
        refusal(401, "UnauthorizedException"),
        refusal(403, "ForbiddenException"),
        refusal(404, "ResourceNotFoundException"),
    ])
    .await;
    let plan = world.plan();
    let error = refused(world.ask(&plan).await.unwrap_err(), ErrorKind::Credentials);
    assert_eq!(error.hint, "run aws sso login --profile dev");
    for _ in 0..2 {
        let error = refused(world.ask(&plan).await.unwrap_err(), ErrorKind::Permission);
        let what = "profile dev may not use Admin in account 111122223333";
        assert_eq!(error.what, what);
    }
}

#[tokio::test]
async fn a_renewal_that_hangs_keeps_nobody_from_a_token_that_holds() {
    let world = World::new([Reply::Hang, ok(GRANTED)]).await;
    world.wait_until_left(Duration::from_secs(60));
    let plan = world.plan();
    let (first, second) = tokio::join!(world.ask(&plan), world.ask(&plan));
    first.unwrap();
    second.unwrap();
    let asked = world.asked();
    assert_eq!(asked.iter().filter(|asked| *asked == "renewal").count(), 1);
    assert_eq!(asked.iter().filter(|asked| *asked == "old").count(), 2);
}

#[tokio::test]
async fn a_renewal_goes_on_when_whoever_began_it_leaves() {
    let world = World::new([ok(RENEWED), ok(GRANTED)]).await;
    world.wait_until_left(Duration::from_secs(60));
    let plan = world.plan();
    let mut leaving = Box::pin(world.ask(&plan));
    while world.sign_on.tasks.is_empty() {
        assert!(futures_util::poll!(&mut leaving).is_pending());
        tokio::task::yield_now().await;
    }
    drop(leaving);
    while !kept(&world.file()).contains("next") {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.asked(), ["renewal"]);
}

#[tokio::test]
async fn a_sign_in_is_not_renewed_by_a_daemon_that_stops() {
    let world = World::new([Reply::Hang]).await;
    world.wait_until_left(Duration::ZERO);
    let plan = world.plan();
    let stop = async {
        while world.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        world.sign_on.stop.cancel();
    };
    let (asked, ()) = tokio::join!(world.ask(&plan), stop);
    refused(asked.unwrap_err(), ErrorKind::Daemon);
}

#[tokio::test]
async fn a_token_that_cannot_be_written_serves_on_in_memory() {
    let world = World::new([ok(RENEWED), ok(GRANTED)]).await;
    world.wait_until_left(Duration::from_secs(60));
    let plan = world.plan();
    // A directory in the way of the new file; root may write anywhere else.
    let beside = format!(".token.json.{}", std::process::id());
    std::fs::create_dir(world.home.path().join(beside)).unwrap();
    for _ in 0..3 {
        world.ask(&plan).await.unwrap();
    }
    assert_eq!(world.asked(), ["renewal", "new", "new", "new"]);
    assert!(kept(&world.file()).contains("old"));
}
