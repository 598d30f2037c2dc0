use std::time::SystemTime;

use aws_ssm_proto::domain::{Challenge, ErrorKind, Turn};

use super::super::plan::{MfaDevice, Origin, StaticKeys};
use super::super::testing::{FakeSts, FixedClock, MFA_CODE, place};
use super::*;

struct World {
    challenges: Arc<Challenges>,
    sts: Arc<FakeSts>,
    wall: FixedClock,
}

impl World {
    fn new() -> Self {
        let wall = FixedClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
        let sts = FakeSts::open(&wall);
        let keys = Arc::new(KeyMaker::with([1; 32]));
        let asked = Arc::clone(&sts) as Arc<dyn TokenService>;
        let challenges = Arc::new(Challenges::new(keys, asked, wall.source()));
        Self {
            challenges,
            sts,
            wall,
        }
    }

    fn step(&self, plan: &CredentialPlan) -> Step {
        self.challenges.step(plan, &place())
    }

    fn ask_code(&self, plan: &CredentialPlan) -> Challenge {
        let CredentialPlan::AssumeRole(role) = plan else {
            panic!("only roles want codes");
        };
        let source = Credentials::new("AKIA", "secret", None, None, "test");
        let error = self
            .challenges
            .ask_code(self.step(plan), role, source, &place());
        assert_eq!(error.kind, ErrorKind::Credentials);
        *error.challenge.unwrap()
    }

    fn ask_process(&self, plan: &CredentialPlan) -> Challenge {
        let CredentialPlan::Process(process) = plan else {
            panic!("only processes are run");
        };
        let error = self.challenges.ask_process(self.step(plan), process);
        *error.challenge.unwrap()
    }

    fn queue(&self, challenge: &Challenge) -> Queue {
        self.challenges.queue(&challenge.id, soon())
    }

    async fn answer(
        &self,
        challenge: &Challenge,
        turn: u64,
        answer: Answer,
    ) -> Result<bool, Error> {
        self.challenges
            .answer(&challenge.id, turn, answer, soon())
            .await
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn keys(secret: &str) -> CredentialPlan {
    CredentialPlan::Static(StaticKeys {
        credentials: Credentials::new("AKIA", secret, None, None, "test"),
        origin: Origin::Environment,
    })
}

fn role() -> RolePlan {
    RolePlan {
        source: keys("secret"),
        role_arn: "arn:role".into(),
        external_id: None,
        session_name: "session".into(),
        duration: None,
        mfa: Some(MfaDevice {
            serial: "arn:mfa".into(),
            profile: "a".into(),
        }),
        origin: Origin::Profile("a".into()),
    }
}

fn with_code() -> CredentialPlan {
    CredentialPlan::AssumeRole(Box::new(role()))
}

fn process(command: &str, environment: u8) -> CredentialPlan {
    CredentialPlan::Process(ProcessPlan {
        profile: "p".into(),
        command: Zeroizing::new(command.into()),
        environment: [environment; 16],
    })
}

fn code(code: &str) -> Answer {
    Answer::MfaCode(Zeroizing::new(code.into()))
}

fn printed(expires_at: Option<SystemTime>) -> Answer {
    Answer::Credentials(ProcessCredentials {
        access_key_id: "PRINTED".into(),
        secret_access_key: Zeroizing::new("secret".into()),
        session_token: None,
        expires_at,
    })
}

/// The number of the turn, which must come.
async fn turn(queue: &mut Queue) -> u64 {
    match queue.next().await.unwrap() {
        Some(Turn::Ours(turn)) => turn,
        other => panic!("it is our turn: {other:?}"),
    }
}

#[tokio::test]
async fn a_code_opens_a_session_for_all_who_wait() {
    let world = World::new();
    let challenge = world.ask_code(&with_code());
    let [mut one, mut two, mut three] = [(); 3].map(|()| world.queue(&challenge));
    let number = turn(&mut one).await;
    for other in [&mut two, &mut three] {
        assert_eq!(other.next().await, Ok(Some(Turn::Wait)));
    }
    let taken = world.answer(&challenge, number, code(MFA_CODE)).await;
    assert_eq!(taken, Ok(true));
    for other in [&mut two, &mut three] {
        assert_eq!(other.next().await, Ok(Some(Turn::Over)));
    }
    assert_eq!(one.next().await, Ok(None));
    let held = world.challenges.held(world.step(&with_code())).unwrap();
    assert_eq!(held.access_key_id(), "role1");
    assert_eq!(world.sts.log(), ["AKIA arn:role session "]);
}

#[tokio::test]
async fn a_wrong_code_is_told_to_all_who_wait_and_not_kept() {
    let world = World::new();
    let challenge = world.ask_code(&with_code());
    let (mut one, mut two) = (world.queue(&challenge), world.queue(&challenge));
    let number = turn(&mut one).await;
    assert_eq!(two.next().await, Ok(Some(Turn::Wait)));
    let refused = world.answer(&challenge, number, code("000000")).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Credentials);
    assert!(refused.what.contains("arn:mfa"), "{refused}");
    assert_eq!(two.next().await, Err(refused));
    let again = world.ask_code(&with_code());
    turn(&mut world.queue(&again)).await;
}

#[tokio::test]
async fn when_whoever_was_asked_leaves_the_next_one_is_asked() {
    let world = World::new();
    let challenge = world.ask_code(&with_code());
    let (mut one, mut two) = (world.queue(&challenge), world.queue(&challenge));
    let first = turn(&mut one).await;
    assert_eq!(two.next().await, Ok(Some(Turn::Wait)));
    drop(one);
    let second = turn(&mut two).await;
    assert_ne!(first, second);
    let late = world.answer(&challenge, first, code(MFA_CODE)).await;
    assert_eq!(late, Ok(false), "the turn was left");
    let taken = world.answer(&challenge, second, code(MFA_CODE)).await;
    assert_eq!(taken, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn nobody_has_the_turn_for_ever() {
    let world = World::new();
    let challenge = world.ask_code(&with_code());
    let mut gone = world.queue(&challenge);
    let first = turn(&mut gone).await;
    let began = Instant::now();
    assert_eq!(gone.next().await, Ok(None));
    assert_eq!(began.elapsed(), Duration::from_secs(600));
    let second = turn(&mut world.queue(&challenge)).await;
    assert_ne!(first, second);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_past_his_deadline_for_somebody_elses_answer() {
    let world = World::new();
    let challenge = world.ask_code(&with_code());
    let (mut one, mut two) = (world.queue(&challenge), world.queue(&challenge));
    turn(&mut one).await;
    assert_eq!(two.next().await, Ok(Some(Turn::Wait)));
    let began = Instant::now();
    let error = two.next().await.unwrap_err();
    assert_eq!(began.elapsed(), Duration::from_secs(30));
    assert_eq!(error.kind, ErrorKind::Credentials);
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_taken() {
    let world = World::new();
    let plan = with_code();
    let challenge = Challenge {
        id: world.step(&plan).to_hex(),
        ..world.ask_process(&process("give", 1))
    };
    assert_eq!(world.queue(&challenge).next().await, Ok(None));
    let taken = world.answer(&challenge, 1, code(MFA_CODE)).await;
    assert_eq!(taken, Ok(false));
    for id in ["", "nonsense", &"é".repeat(32), &"0".repeat(64)] {
        let queued = world.challenges.queue(id, soon()).next().await;
        assert_eq!(queued, Ok(None), "{id}");
    }
}

#[tokio::test]
async fn an_answer_to_another_question_is_refused() {
    let world = World::new();
    let challenge = world.ask_code(&with_code());
    let mut queue = world.queue(&challenge);
    let number = turn(&mut queue).await;
    let refused = world.answer(&challenge, number, printed(None)).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Usage);
    assert_eq!(world.sts.roles(), 0);
}

#[tokio::test]
async fn why_a_process_failed_is_told_to_all_who_wait() {
    let world = World::new();
    let challenge = world.ask_process(&process("give", 1));
    let (mut one, mut two) = (world.queue(&challenge), world.queue(&challenge));
    let number = turn(&mut one).await;
    let why = Error::new(ErrorKind::Credentials, "it failed");
    let told = world.answer(&challenge, number, Answer::Failure(why.clone()));
    assert_eq!(told.await, Ok(true));
    assert_eq!(two.next().await, Err(why));
}

#[tokio::test]
async fn what_a_process_gives_is_held_until_shortly_before_its_end() {
    let world = World::new();
    let plan = process("give", 1);
    let give = async |lasts: Option<Duration>| {
        let challenge = world.ask_process(&plan);
        let mut queue = world.queue(&challenge);
        let number = turn(&mut queue).await;
        let end = lasts.map(|lasts| world.wall.source().now() + lasts);
        world.answer(&challenge, number, printed(end)).await
    };
    let held = || world.challenges.held(world.step(&plan)).is_some();
    let cases = [
        (Some(Duration::from_secs(3600)), Duration::from_secs(3540)),
        (Some(Duration::from_secs(100)), Duration::from_secs(90)),
        (None, Duration::from_secs(3600)),
    ];
    for (lasts, serves) in cases {
        assert_eq!(give(lasts).await, Ok(true));
        world.wall.advance(serves - Duration::from_secs(1));
        assert!(held(), "{lasts:?}");
        world.wall.advance(Duration::from_secs(1));
        assert!(!held(), "{lasts:?}");
    }
    let error = give(Some(Duration::ZERO)).await.unwrap_err();
    assert!(error.what.contains("profile p"), "{error}");
    assert!(!held());
}

#[test]
fn steps_that_any_setting_tells_apart_are_apart() {
    let world = World::new();
    let vary = |change: &dyn Fn(&mut RolePlan)| {
        let mut role = role();
        change(&mut role);
        CredentialPlan::AssumeRole(Box::new(role))
    };
    let plans = [
        with_code(),
        vary(&|role| role.source = keys("other")),
        vary(&|role| role.source = process("give", 1)),
        vary(&|role| role.source = with_code()),
        vary(&|role| role.role_arn = "arn:other".into()),
        vary(&|role| role.session_name = "other".into()),
        vary(&|role| role.external_id = Some(Zeroizing::new("x".into()))),
        vary(&|role| role.duration = Some(Duration::from_secs(900))),
        vary(&|role| role.mfa = None),
        vary(&|role| role.mfa.as_mut().unwrap().serial = "arn:other".into()),
        process("give", 1),
        process("give", 2),
        process("take", 1),
        keys("secret"),
    ];
    let mut steps: Vec<_> = plans.iter().map(|plan| world.step(plan).to_hex()).collect();
    let mut elsewhere = place();
    elsewhere.endpoint = Some("http://127.0.0.1:1".into());
    steps.push(world.challenges.step(&with_code(), &elsewhere).to_hex());
    for (place, step) in steps.iter().enumerate() {
        assert!(!steps[place + 1..].contains(step), "{place}");
        assert!(Step::parse(step).is_some_and(|parsed| parsed.to_hex() == *step));
    }
    assert_eq!(world.step(&with_code()).to_hex(), steps[0]);
}

#[test]
fn questions_and_sessions_are_bounded() {
    let world = World::new();
    for number in 0..=MOST_QUESTIONS {
        world.ask_process(&process(&number.to_string(), 1));
    }
    let credentials = || Credentials::new("id", "secret", None, None, "test");
    for number in 0..=MOST_SESSIONS {
        let step = world.step(&process(&number.to_string(), 1));
        world.challenges.hold(step, credentials());
    }
    let state = world.challenges.lock();
    assert_eq!(state.questions.len(), MOST_QUESTIONS);
    assert_eq!(state.sessions.len(), MOST_SESSIONS);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_nobody_answers_is_forgotten() {
    let world = World::new();
    let challenge = world.ask_code(&with_code());
    tokio::time::advance(QUESTION_LIFE).await;
    world.challenges.forget_old();
    assert_eq!(world.queue(&challenge).next().await, Ok(None));
}

#[test]
fn debug_shows_no_secret() {
    let world = World::new();
    world.ask_process(&process("hunter2", 1));
    let step = world.step(&process("hunter2", 1));
    let credentials = Credentials::new("hunter2", "hunter2", None, None, "test");
    world.challenges.hold(step, credentials);
    assert!(!format!("{:?}", world.challenges).contains("hunter2"));
}
