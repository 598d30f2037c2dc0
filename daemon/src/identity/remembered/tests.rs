use aws_ssm_proto::domain::Caller;
use tokio::time::Instant;

use super::super::testing::{FakeSts, FixedClock, defaults, user};
use super::super::tests::{HOUR, ROLE, World, settle};
use super::super::{Identities, KeyMaker, PATIENCE as STS_PATIENCE, TokenService};
use super::*;
use crate::clock::Clock;
use crate::persist::testing::{Machine, disk};

/// One daemon after the other with one disk and one STS.
struct Story {
    dir: tempfile::TempDir,
    machine: Machine,
    wall: FixedClock,
    sts: Arc<FakeSts>,
}

impl Story {
    fn new() -> Self {
        let machine = Machine::new();
        let wall = FixedClock::at(machine.moments().now().wall);
        Self {
            dir: tempfile::tempdir().unwrap(),
            machine,
            sts: FakeSts::open(&wall),
            wall,
        }
    }

    /// A daemon that starts now.
    fn daemon(&self) -> (World, Arc<Disk>) {
        let disk = disk(self.dir.path(), &self.machine);
        let key = Arc::clone(&disk);
        let keys = KeyMaker::new(move || key.credential_hash_key());
        let sts = Arc::clone(&self.sts) as Arc<dyn TokenService>;
        let (clock, wall) = (Clock::boot(), self.wall.source());
        let disk_of = Arc::clone(&disk);
        let identities = Identities::with_parts(sts, defaults(), keys, clock, wall, disk_of);
        let world = World {
            identities,
            sts: Arc::clone(&self.sts),
            wall: self.wall.clone(),
            idle: Arc::default(),
            home: tempfile::tempdir().unwrap(),
        };
        (world, disk)
    }

    /// A caller with keys of its own, whichever daemon it asks.
    fn caller(&self, id: &str) -> Caller {
        user(id)
    }

    /// What the next daemon says to a caller.
    async fn says(&self, caller: &Caller) -> Result<VerifiedIdentity, ErrorKind> {
        let (world, disk) = self.daemon();
        let admission = world.admit(caller).await;
        disk.shut_down().await;
        admission.map(|a| a.identity).map_err(|error| error.kind)
    }

    fn unreachable(&self) {
        let error = Error::new(ErrorKind::Unavailable, "cannot reach STS");
        self.sts.fail(Some(error));
    }

    fn time_passes(&self, time: Duration) {
        self.machine.pass(time);
        self.wall.advance(time);
    }
}

#[tokio::test]
async fn while_sts_cannot_be_reached_a_remembered_key_stands_for_whom_it_named() {
    let story = Story::new();
    let anna = story.caller("anna");
    let known = story.says(&anna).await.unwrap();
    assert!(known.unconfirmed().is_none());
    story.unreachable();
    let remembered = story.says(&anna).await.unwrap();
    assert_eq!(remembered.principal(), known.principal());
    assert_eq!(remembered.credential_key(), known.credential_key());
    assert_eq!(remembered.unconfirmed().unwrap().what, "cannot reach STS");
    let berta = story.says(&story.caller("berta")).await;
    assert_eq!(berta.err(), Some(ErrorKind::Unavailable));
    // Who could be asked is asked.
    story.sts.fail(None);
    assert!(story.says(&anna).await.unwrap().unconfirmed().is_none());
}

#[tokio::test]
async fn when_sts_refuses_nothing_is_remembered_then_or_later() {
    for kind in [ErrorKind::Credentials, ErrorKind::Permission] {
        let story = Story::new();
        let anna = story.caller("anna");
        story.says(&anna).await.unwrap();
        story.sts.fail(Some(Error::new(kind, "refused")));
        assert_eq!(story.says(&anna).await.err(), Some(kind));
        story.unreachable();
        let later = story.says(&anna).await;
        assert_eq!(later.err(), Some(ErrorKind::Unavailable));
    }
}

#[tokio::test]
async fn what_a_service_refuses_is_remembered_until_sts_refuses_it_too() {
    let story = Story::new();
    let anna = story.caller("anna");
    let (world, disk) = story.daemon();
    let identity = world.identity(&anna).await;
    world.identities.unbind(&identity);
    disk.shut_down().await;
    story.unreachable();
    assert!(story.says(&anna).await.unwrap().unconfirmed().is_some());
    let refusal = Error::new(ErrorKind::Credentials, "refused");
    story.sts.fail(Some(refusal));
    assert!(story.says(&anna).await.is_err());
    story.unreachable();
    let later = story.says(&anna).await;
    assert_eq!(later.err(), Some(ErrorKind::Unavailable));
}

#[tokio::test]
async fn what_is_remembered_has_an_end() {
    let story = Story::new();
    let anna = story.caller("anna");
    story.says(&anna).await.unwrap();
    story.unreachable();
    story.time_passes(6 * 24 * HOUR);
    assert!(story.says(&anna).await.is_ok());
    story.time_passes(2 * 24 * HOUR);
    assert_eq!(story.says(&anna).await.err(), Some(ErrorKind::Unavailable));
    // Nor does a clock that is set back to before it was said make it young.
    story.machine.turn(|now| now.wall -= 30 * 24 * HOUR);
    assert_eq!(story.says(&anna).await.err(), Some(ErrorKind::Unavailable));
}

#[tokio::test]
async fn what_is_remembered_of_a_session_ends_with_it() {
    let story = Story::new();
    let mut anna = story.caller("anna");
    anna.role_arn = Some(ROLE.into());
    story.says(&anna).await.unwrap();
    story.unreachable();
    story.time_passes(HOUR / 2);
    assert!(story.says(&anna).await.is_ok());
    story.time_passes(HOUR);
    assert_eq!(story.says(&anna).await.err(), Some(ErrorKind::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn an_sts_that_is_silent_is_waited_for_a_moment_only() {
    let mut story = Story::new();
    let anna = story.caller("anna");
    story.says(&anna).await.unwrap();
    story.sts = FakeSts::closed(&story.wall);
    let (world, disk) = story.daemon();
    let began = Instant::now();
    let remembered = world.identity(&anna).await;
    assert!(remembered.unconfirmed().is_some());
    assert!(began.elapsed() < STS_PATIENCE * 2, "{:?}", began.elapsed());
    // The word comes in the end, and counts.
    story.sts.let_through(10);
    settle().await;
    let known = world.identity(&anna).await;
    assert!(known.unconfirmed().is_none());
    assert_eq!(known.principal(), remembered.principal());
    disk.shut_down().await;
}
