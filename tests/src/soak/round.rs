//! A number of steps by chance; then everything is mended, and everybody must get
//! what is true now.

use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::State;

use super::judge::{self, COLUMNS, Circumstances, Verdict, Wanted};
use super::leaks::Held;
use super::report::Report;
use super::scene::{self, REGIONS, Scene};
use super::step::{self, Step};
use super::terminal;
use super::truth::{NAMES, Place};

/// Steps of a round.
const STEPS: usize = 30;

/// How long after faults are cleared calls may still fail: breakers open for two
/// seconds, and a load that began before them ends.
const RECOVERY: Duration = Duration::from_secs(8);

/// A name that is younger may not be known: who asks for what is not known in data of
/// ten seconds is told so.
const LASTING: Duration = Duration::from_secs(14);

/// Everything must be well again after this.
const PATIENCE: Duration = Duration::from_secs(60);

/// Instances of a fleet at most; see [`scene::INSTANCES`].
const MOST_INSTANCES: usize = 90;

/// See the module.
pub(super) struct Round<'a> {
    scene: &'a mut Scene,
    report: &'a mut Report,
    /// Nothing ends the daemon.
    is_calm: bool,
    /// Faults stand, or did lately.
    trouble_until: Option<Instant>,
    faults: bool,
    /// Which accounts AWS refuses, or did lately.
    refused: [bool; 2],
    disk_is_full: bool,
    clock_jumped: bool,
}

/// A question to the daemon, and what its answer is judged by.
struct Question {
    terminal: usize,
    region: &'static str,
    place: Place,
    kind: Kind,
    circumstances: Circumstances,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    List { alone: bool },
    Resolve(String),
    Other(Vec<String>),
}

impl<'a> Round<'a> {
    pub(super) fn new(scene: &'a mut Scene, report: &'a mut Report, is_calm: bool) -> Self {
        Self {
            scene,
            report,
            is_calm,
            trouble_until: None,
            faults: false,
            refused: [false; 2],
            disk_is_full: false,
            clock_jumped: false,
        }
    }

    pub(super) async fn run(mut self) {
        for _ in 0..STEPS {
            let step = Step::choose(&mut self.scene.random, self.is_calm);
            self.report.step(step);
            self.take(step).await;
        }
        self.mend().await;
        self.look_at_everything().await;
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::List => self.list(Wanted::Configured, false).await,
            Step::ListFresher => {
                let wanted = [Wanted::Fresh, Wanted::MaxAge(3), Wanted::MaxAge(60)];
                let wanted = *self.scene.random.pick(&wanted);
                self.list(wanted, false).await;
            }
            Step::ListAlone => self.list(Wanted::Configured, true).await,
            Step::Resolve => self.resolve().await,
            Step::Inspect => self.inspect().await,
            Step::Crowd => self.crowd(false).await,
            Step::CrowdAndKill => self.crowd(true).await,
            Step::ChangeFleet => self.change_fleet(),
            Step::Fault => {
                let fault = step::fault(&mut self.scene.random);
                self.report.say(format_args!("{fault:?}"));
                self.scene.sandbox.inject(fault);
                self.faults = true;
            }
            Step::Refuse => self.refuse(),
            Step::Heal => self.heal(),
            Step::Kill => self.kill().await,
            Step::Restart => {
                self.scene.known.ended(false);
                self.disk_is_full = false;
                self.control(&["daemon", "restart"]).await;
            }
            Step::Reload => {
                let level = *self.scene.random.pick(&["info", "debug", "warn"]);
                self.scene.write_settings(level);
                self.control(&["daemon", "start"]).await;
                self.control(&["daemon", "reload"]).await;
            }
            Step::ReplaceProgram => self.scene.replace_program(),
            Step::JumpClock => {
                let ahead = *self.scene.random.pick(&[3600, -3600, 0]);
                self.scene.sandbox.set_clock(ahead);
                // Its session may end an hour early, here or there.
                self.scene.known.forget(terminal::ROLE);
                self.clock_jumped = true;
                self.trouble_until = Some(Instant::now() + RECOVERY);
            }
            Step::FillDisk => self.fill_disk(!self.disk_is_full).await,
            Step::EditProfile => {
                let account = self.scene.random.below(2) as usize;
                self.scene.edit_profile(account);
            }
            Step::ClearCache => {
                self.control(&["cache", "clear", "--all"]).await;
                self.scene.known.forget_all();
            }
        }
    }

    /// Asks one question by chance, and judges the answer.
    async fn list(&mut self, wanted: Wanted, alone: bool) {
        let mut question = self.question(wanted, Kind::List { alone });
        if alone {
            let known = &self.scene.known;
            question.circumstances.known = known.has_on_disk(question.terminal, question.region);
        }
        self.ask(vec![question], None).await;
    }

    async fn resolve(&mut self) {
        let question = self.question(Wanted::Configured, Kind::List { alone: false });
        let names = self.scene.truth.names(&question.place, LASTING);
        if names.is_empty() {
            return self.change_fleet();
        }
        let name = self.scene.random.pick(&names).clone();
        let mut question = Question {
            kind: Kind::Resolve(name),
            ..question
        };
        // A name that came lately has to be asked for.
        question.circumstances.known = false;
        self.ask(vec![question], None).await;
    }

    async fn inspect(&mut self) {
        let commands: [&[&str]; 5] = [
            &["daemon", "status", "-o", "json"],
            &["daemon", "stats", "-o", "json"],
            &["cache", "show"],
            &["whoami"],
            &["list", "--count", "-r", "eu-west-1,us-east-1"],
        ];
        let command = *self.scene.random.pick(&commands);
        // These never start a daemon.
        if command[0] == "daemon" {
            self.control(&["daemon", "start"]).await;
        }
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        let mut question = self.question(Wanted::Configured, Kind::Other(command));
        question.circumstances.known = false;
        self.ask(vec![question], None).await;
    }

    async fn crowd(&mut self, kill: bool) {
        let size = 3 + self.scene.random.below(5);
        let questions =
            (0..size).map(|_| self.question(Wanted::Configured, Kind::List { alone: false }));
        let mut questions: Vec<Question> = questions.collect();
        let mut daemon = None;
        if kill {
            daemon = self.scene.daemon().await;
            self.scene.known.ended(true);
            self.disk_is_full = false;
            for question in &mut questions {
                question.circumstances.known =
                    self.scene.known.has(question.terminal, question.region);
            }
        }
        self.ask(questions, daemon).await;
    }

    /// A question of a terminal by chance.
    fn question(&mut self, wanted: Wanted, kind: Kind) -> Question {
        let terminal = self.scene.random.below(self.scene.terminals.len() as u64) as usize;
        let region = *self.scene.random.pick(&REGIONS);
        self.question_of(terminal, region, wanted, kind)
    }

    fn question_of(
        &self,
        terminal: usize,
        region: &'static str,
        wanted: Wanted,
        kind: Kind,
    ) -> Question {
        let account = self.scene.terminals[terminal].account;
        let trouble = self.faults || self.trouble_until.is_some_and(|end| Instant::now() < end);
        // The role is assumed with the first account's keys.
        let is_role = terminal == terminal::ROLE;
        let refused = self.refused[account] || is_role && (self.refused[0] || self.clock_jumped);
        let known = wanted == Wanted::Configured && self.scene.known.has(terminal, region);
        Question {
            terminal,
            region,
            place: self.scene.place(account, region),
            kind,
            circumstances: Circumstances {
                asked: SystemTime::now(),
                wanted,
                trouble,
                refused,
                known,
            },
        }
    }

    /// Asks everything at once, and judges each answer. The daemon given is killed as
    /// soon as all have asked.
    async fn ask(&mut self, questions: Vec<Question>, daemon: Option<Pid>) {
        let mut asked = Vec::new();
        for question in questions {
            let command = self.scene.command(question.terminal, &question.arguments());
            asked.push((question, tokio::spawn(scene::run(command))));
        }
        if let Some(daemon) = daemon {
            // One that has ended by itself is as good.
            let _ = kill_process(daemon, Signal::KILL);
        }
        for (question, answer) in asked {
            let finished = answer.await.expect("the task does not panic");
            let verdict = question.judge(finished.as_ref(), &self.scene.truth);
            if let (Verdict::Right(fetched), Kind::List { .. }) = (&verdict, &question.kind) {
                self.scene
                    .known
                    .learn(question.terminal, question.region, *fetched);
            }
            let what = format!(
                "{} {:?}",
                self.scene.terminals[question.terminal].name,
                question.arguments()
            );
            self.report.call(&what, &verdict);
        }
    }

    fn change_fleet(&mut self) {
        let scene = &mut *self.scene;
        let account = scene.random.below(2) as usize;
        let region = *scene.random.pick(&REGIONS);
        let place = scene.place(account, region);
        let (id, region) = &place;
        let instances = scene.sandbox.instances(id, region).expect("a fleet");
        let instance = scene.random.pick(&instances).clone();
        let sandbox = &scene.sandbox;
        let changed = match scene.random.below(6) {
            0 if instances.len() < MOST_INSTANCES => sandbox.add_instances(id, region, 1).map(drop),
            1 => sandbox.stop_instance(id, region, &instance.id),
            2 => sandbox.start_instance(id, region, &instance.id),
            3 if instance.state == State::Stopped => {
                sandbox.terminate_instance(id, region, &instance.id)
            }
            _ => {
                let name = format!("{NAMES}{}", scene.random.below(1_000_000));
                sandbox.retag(id, region, &instance.id, ("Name", Some(&name)))
            }
        };
        // What cannot be done to an instance in its state changes nothing.
        if changed.is_ok() {
            scene.truth.note(&scene.sandbox, &place);
        }
    }

    fn refuse(&mut self) {
        let account = self.scene.random.below(2) as usize;
        let refusal = step::refusal(&mut self.scene.random, &self.scene.sandbox, account);
        self.report.say(format_args!("{refusal:?}"));
        self.scene.sandbox.inject(refusal);
        self.refused[account] = true;
        for terminal in 0..self.scene.terminals.len() {
            self.scene.known.forget(terminal);
        }
    }

    fn heal(&mut self) {
        self.scene.sandbox.clear_faults();
        self.scene.sandbox.set_clock(0);
        self.faults = false;
        self.trouble_until = Some(Instant::now() + RECOVERY);
    }

    async fn kill(&mut self) {
        if let Some(daemon) = self.scene.daemon().await {
            // One that has ended by itself is as good.
            let _ = kill_process(daemon, Signal::KILL);
        }
        self.scene.known.ended(true);
        self.disk_is_full = false;
    }

    async fn fill_disk(&mut self, is_full: bool) {
        if let Some(daemon) = self.scene.daemon().await {
            self.scene.fill_disk(daemon, is_full);
            self.disk_is_full = is_full;
        }
    }

    /// Runs a command that only the daemon itself can keep from succeeding.
    async fn control(&mut self, arguments: &[&str]) {
        let kind = Kind::Other(arguments.iter().map(|word| (*word).to_owned()).collect());
        let mut question = self.question_of(0, REGIONS[0], Wanted::Configured, kind);
        question.circumstances.refused = false;
        question.circumstances.trouble = false;
        question.circumstances.known = false;
        self.ask(vec![question], None).await;
    }

    /// Ends everything that goes wrong.
    async fn mend(&mut self) {
        if self.disk_is_full {
            self.fill_disk(false).await;
        }
        self.heal();
        let deadline = Instant::now() + PATIENCE;
        for terminal in 0..self.scene.terminals.len() {
            for region in REGIONS {
                self.wait_until_well(terminal, region, deadline).await;
            }
        }
        self.refused = [false; 2];
        self.clock_jumped = false;
        self.trouble_until = None;
    }

    async fn wait_until_well(&mut self, terminal: usize, region: &'static str, deadline: Instant) {
        loop {
            let question =
                self.question_of(terminal, region, Wanted::Fresh, Kind::List { alone: false });
            let finished = self.scene.run(terminal, &question.arguments()).await;
            if finished.as_ref().is_some_and(|run| run.code() == 0) {
                return;
            }
            if Instant::now() > deadline {
                return self
                    .report
                    .broken("it does not recover", &format!("{finished:?}"));
            }
        }
    }

    /// Now nothing is an excuse.
    async fn look_at_everything(&mut self) {
        for terminal in 0..self.scene.terminals.len() {
            for region in REGIONS {
                for wanted in [Wanted::Fresh, Wanted::Configured] {
                    let kind = Kind::List { alone: false };
                    let question = self.question_of(terminal, region, wanted, kind);
                    self.ask(vec![question], None).await;
                }
            }
        }
        let daemon = self.scene.daemon().await.and_then(Held::by);
        match daemon {
            Some(held) => self.report.round(held),
            None => self
                .report
                .broken("no daemon is left", "daemon status says nothing"),
        }
        // One daemon.
        self.scene.wait_for_processes(1, self.report).await;
    }
}

impl Question {
    fn arguments(&self) -> Vec<String> {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let mut arguments = match &self.kind {
            Kind::List { alone } => {
                let mut list = words(&[
                    "list",
                    "--all",
                    "--meta",
                    "-o",
                    "json",
                    "--columns",
                    COLUMNS,
                ]);
                list.extend(alone.then(|| "--no-daemon".to_owned()));
                list
            }
            Kind::Resolve(name) => words(&["resolve", name]),
            Kind::Other(command) => return with_region(command.clone()),
        };
        match self.circumstances.wanted {
            Wanted::Configured => {}
            Wanted::Fresh => arguments.push("--fresh".to_owned()),
            Wanted::MaxAge(seconds) => arguments.push(format!("--max-age={seconds}s")),
        }
        arguments.push(format!("--region={}", self.region));
        arguments
    }

    fn judge(
        &self,
        finished: Option<&crate::harness::Finished>,
        truth: &super::truth::Truth,
    ) -> Verdict {
        match &self.kind {
            Kind::List { .. } => judge::list(finished, &self.place, truth, self.circumstances),
            Kind::Resolve(name) => {
                judge::resolve(finished, &self.place, name, truth, self.circumstances)
            }
            Kind::Other(_) => judge::other(finished, self.circumstances),
        }
    }
}

/// Commands about AWS need a region; who drops everybody's entries names none.
fn with_region(mut command: Vec<String>) -> Vec<String> {
    let asks_aws = ["whoami", "cache"].contains(&command[0].as_str());
    if asks_aws && !command.iter().any(|word| word == "--all") {
        command.push(format!("--region={}", REGIONS[0]));
    }
    command
}
