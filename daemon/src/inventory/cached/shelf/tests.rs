use std::path::Path;

use aws_ssm_proto::domain::{DataState, ErrorKind, Freshness};
use tokio::sync::oneshot;

use super::super::tests::{Step, Thing, World, soon};
use super::*;
use crate::identity::testing::{nobody, remembering};
use crate::persist::Disk;
use crate::persist::testing::{Machine, disk};

const MINUTE: Duration = Duration::from_secs(60);
const CONFIGURED: Freshness = Freshness::Configured;

/// One daemon after the other on one machine.
struct Story {
    dir: tempfile::TempDir,
    machine: Machine,
    region: &'static str,
}

/// A daemon of the story.
struct Chapter {
    world: World,
    disk: Arc<Disk>,
}

impl Story {
    /// A daemon that has loaded the thing with the number 1, and has ended.
    async fn begin(region: &'static str) -> Self {
        let story = Self {
            dir: tempfile::tempdir().unwrap(),
            machine: Machine::new(),
            region,
        };
        let first = story.daemon([Step::Succeed(1)]);
        first.world.get(CONFIGURED).await.expect("loaded");
        first.end().await;
        story
    }

    fn daemon(&self, steps: impl IntoIterator<Item = Step>) -> Chapter {
        let disk = disk(self.dir.path(), &self.machine);
        let world = World::of(1 << 20, self.region, steps, remembering, Arc::clone(&disk));
        Chapter { world, disk }
    }

    /// A daemon that cannot reach STS.
    fn offline(&self) -> Chapter {
        let disk = disk(self.dir.path(), &self.machine);
        let world = World::of(1 << 20, self.region, [], nobody, Arc::clone(&disk));
        Chapter { world, disk }
    }

    /// The machine is booted again, a minute ago, and its clock is changed.
    fn reboot(&self, change: impl FnOnce(&mut Moment)) {
        self.machine.turn(|now| {
            now.boot = Some([2; 16]);
            now.since_boot = MINUTE;
            change(now);
        });
    }
}

impl Chapter {
    async fn end(self) {
        self.disk.shut_down().await;
    }
}

fn files(dir: &Path, kind: &str) -> usize {
    let Ok(found) = std::fs::read_dir(dir.join("snapshots")) else {
        return 0;
    };
    let paths = found.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == kind))
        .count()
}

#[tokio::test]
async fn a_restarted_daemon_answers_at_once_and_says_the_age() {
    use DataState::{Fresh, Stale};
    let story = Story::begin("restart").await;
    for (seconds, state, refreshing) in [(10, Fresh, false), (240, Fresh, true), (60, Stale, true)]
    {
        story.machine.pass(Duration::from_secs(seconds));
        let next = story.daemon([]);
        let got = next.world.got(CONFIGURED).await;
        assert_eq!(got, Ok((1, state, refreshing)), "after {seconds} s more");
    }
    let next = story.daemon([]);
    assert_eq!(
        next.world.get(CONFIGURED).await.unwrap().age,
        Duration::from_secs(310)
    );
    // From then on it ages like every other entry.
    next.world.at(40);
    assert_eq!(
        next.world.get(CONFIGURED).await.unwrap().age,
        Duration::from_secs(350)
    );
}

#[tokio::test]
async fn what_has_expired_on_disk_is_loaded_again_unless_aws_is_unavailable() {
    let story = Story::begin("expired on disk").await;
    story.machine.pass(60 * MINUTE);
    let next = story.daemon([Step::Fail(ErrorKind::Unavailable), Step::Succeed(2)]);
    let served = next.world.get(CONFIGURED).await.expect("last known");
    assert_eq!(served.entry.value.0, 1);
    assert_eq!(
        (served.state, served.age),
        (DataState::LastKnown, 60 * MINUTE)
    );
    assert_eq!(
        served.error.map(|error| error.kind),
        Some(ErrorKind::Unavailable)
    );
    let got = next.world.got(Freshness::Fresh).await;
    assert_eq!(got, Ok((2, DataState::Fresh, false)));
}

#[tokio::test]
async fn a_clock_set_back_never_makes_old_data_look_fresh() {
    // Within one boot nobody can turn the clock that counts.
    let story = Story::begin("set back").await;
    story.machine.pass(60 * MINUTE);
    story.machine.turn(|now| now.wall -= 60 * MINUTE);
    let next = story.daemon([Step::Succeed(2)]);
    assert_eq!(
        next.world.got(CONFIGURED).await,
        Ok((2, DataState::Fresh, false))
    );
    next.end().await;
    // Across boots the wall clock alone is not believed.
    story.machine.pass(62 * MINUTE);
    story.reboot(|now| now.wall -= 60 * MINUTE);
    let next = story.daemon([Step::Succeed(3)]);
    assert_eq!(
        next.world.got(CONFIGURED).await,
        Ok((3, DataState::Fresh, false))
    );
    next.end().await;
    // What comes from the future is as old as can be.
    story.reboot(|now| {
        now.boot = Some([3; 16]);
        now.wall -= 60 * MINUTE;
    });
    let next = story.daemon([Step::Fail(ErrorKind::Unavailable)]);
    let served = next.world.get(CONFIGURED).await.expect("last known");
    assert_eq!((served.state, served.age), (DataState::LastKnown, MAX_AGE));
}

#[tokio::test]
async fn what_is_too_old_is_not_read() {
    let story = Story::begin("too old").await;
    story.machine.pass(MAX_AGE + MINUTE);
    let next = story.daemon([Step::Fail(ErrorKind::Unavailable)]);
    let got = next.world.got(CONFIGURED).await;
    assert_eq!(got, Err(ErrorKind::Unavailable));
}

#[tokio::test]
async fn who_wants_fresh_data_gets_none_from_disk() {
    let story = Story::begin("fresh on disk").await;
    let next = story.daemon([Step::Succeed(2), Step::Fail(ErrorKind::Unavailable)]);
    let got = next.world.got(Freshness::Fresh).await;
    assert_eq!(got, Ok((2, DataState::Fresh, false)));
    let young = next.world.got(Freshness::MaxAge(60 * MINUTE)).await;
    assert_eq!(young, Ok((2, DataState::Fresh, false)));
}

#[tokio::test]
async fn a_refusal_takes_what_is_on_disk_along() {
    let story = Story::begin("refused on disk").await;
    let next = story.daemon([Step::Fail(ErrorKind::Permission)]);
    let refused = next.world.got(Freshness::Fresh).await;
    assert_eq!(refused, Err(ErrorKind::Permission));
    assert_eq!(files(story.dir.path(), "instances"), 0);
    next.end().await;
    let last = story.daemon([Step::Fail(ErrorKind::Unavailable)]);
    assert_eq!(
        last.world.got(CONFIGURED).await,
        Err(ErrorKind::Unavailable)
    );
}

#[tokio::test]
async fn two_principals_never_share_what_is_on_disk() {
    let story = Story::begin("apart on disk").await;
    let next = story.daemon([Step::Succeed(2)]);
    for (user, number) in [("berta", 2), ("anna", 1), ("berta", 2)] {
        let identity = next.world.identity(user).await;
        let served = next
            .world
            .cached
            .get(&identity, story.region, CONFIGURED, soon());
        assert_eq!(
            *served.await.expect("known").entry.value,
            Thing(number),
            "{user}"
        );
    }
    next.end().await;
    assert_eq!(files(story.dir.path(), "instances"), 2);
}

#[tokio::test]
async fn while_sts_cannot_be_reached_a_known_key_opens_what_is_known() {
    let story = Story::begin("offline").await;
    story.machine.pass(10 * MINUTE);
    let offline = story.offline();
    let served = offline.world.get(CONFIGURED).await.expect("last known");
    assert_eq!(served.entry.value.0, 1);
    assert_eq!(
        (served.state, served.age),
        (DataState::LastKnown, 10 * MINUTE)
    );
    assert!(!served.refreshing);
    let why = served.error.expect("it says why");
    assert_eq!(why.what, "cannot reach STS");
    let within = |limit| offline.world.got(Freshness::MaxAge(limit));
    let known = Ok((1, DataState::LastKnown, false));
    assert_eq!(within(11 * MINUTE).await, known);
    assert_eq!(within(9 * MINUTE).await, Err(ErrorKind::Unavailable));
    let fresh = offline.world.got(Freshness::Fresh).await;
    assert_eq!(fresh, Err(ErrorKind::Unavailable));
}

#[tokio::test]
async fn a_key_that_sts_never_named_opens_nothing() {
    let story = Story::begin("unknown key").await;
    let offline = story.offline();
    let identities = nobody(crate::clock::Clock::boot(), Arc::clone(&offline.disk));
    let berta = crate::identity::testing::user("berta");
    let refused = identities.admit(&berta, soon()).await;
    assert_eq!(
        refused.map(drop).map_err(|e| e.kind),
        Err(ErrorKind::Unavailable)
    );
}

#[tokio::test]
async fn a_load_that_began_before_a_clear_is_kept_nowhere() {
    let (go, gone) = oneshot::channel();
    let story = Story {
        dir: tempfile::tempdir().unwrap(),
        machine: Machine::new(),
        region: "cleared",
    };
    let daemon = story.daemon([Step::Wait(1, gone), Step::Succeed(2)]);
    let clearing = async {
        while !daemon.world.is_loading() {
            tokio::task::yield_now().await;
        }
        daemon.world.cached.clear(None);
        go.send(()).expect("the load waits");
    };
    let (got, ()) = tokio::join!(daemon.world.got(CONFIGURED), clearing);
    assert_eq!(got, Ok((1, DataState::Fresh, false)));
    assert_eq!(
        daemon.world.got(CONFIGURED).await,
        Ok((2, DataState::Fresh, false))
    );
    daemon.end().await;
    let next = story.daemon([]);
    assert_eq!(
        next.world.got(CONFIGURED).await,
        Ok((2, DataState::Fresh, false))
    );
}
