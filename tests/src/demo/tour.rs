//! The commands that are shown, in their order, and what must be true of each.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_ssm_proto::domain::Error;

use super::stage::{INSTANCES, LATENCY, OTHER_PROFILE, REGION, Ran, Stage};
use super::transcript::Transcript;
use super::{Stop, failed};
use crate::audit;
use crate::sandbox::{Account, State};

/// Lines of a list that are shown.
const HEAD: usize = 6;
/// The loads behind the last answers are over by then.
const SETTLING: Duration = Duration::from_secs(30);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Lines of the counters that are shown.
const STATS_HEAD: usize = 22;

#[derive(Debug)]
pub(super) struct Tour<'a> {
    stage: &'a Stage,
    transcript: &'a mut Transcript,
    commands: usize,
}

impl<'a> Tour<'a> {
    pub(super) fn new(stage: &'a Stage, transcript: &'a mut Transcript) -> Self {
        Self {
            stage,
            transcript,
            commands: 0,
        }
    }

    /// All of it but the end.
    pub(super) async fn walk(&mut self) -> Result<(), Stop> {
        self.introduce()?;
        let cold = self.cold_list().await?;
        self.agents().await?;
        let warm = self.warm_list(&cold).await?;
        self.compare(cold.took, warm.took)?;
        self.tags().await?;
        self.pipe().await?;
        self.show().await?;
        self.other_profile(&cold).await?;
        self.stats().await
    }

    fn introduce(&mut self) -> Result<(), Stop> {
        let (first, second) = (&self.stage.account().id, &self.stage.other_account().id);
        let text = format!(
            "A local AWS is running at {endpoint}, {latency} ms a call,\n\
             with two accounts of {INSTANCES} instances in {REGION}. A temporary home has\n\
             a profile for each: default ({first}) and {OTHER_PROFILE} ({second}).\n\
             Nothing of yours is read or changed.",
            endpoint = self.stage.sandbox.endpoint(),
            latency = LATENCY.as_millis(),
        );
        Ok(self.transcript.remark(&text)?)
    }

    async fn cold_list(&mut self) -> Result<Ran, Stop> {
        self.transcript.remark(
            "Cold: no daemon runs yet. The first command starts it, and it asks AWS who\n\
             is calling and which instances there are.",
        )?;
        let ran = self.run("aws-ssm list", HEAD).await?;
        let calls = |operation| self.calls(self.stage.account(), operation);
        let (whose, instances) = (calls("GetCallerIdentity"), calls("DescribeInstances"));
        check(whose == 1 && instances > 0, || {
            format!("AWS was asked {whose} times who calls, {instances} times for instances")
        })?;
        check(
            ids(&ran.stdout) == self.truth(self.stage.account())?,
            || "the list is not what the local AWS has pending and running".to_owned(),
        )?;
        self.transcript.remark(&format!(
            "{}, with GetCallerIdentity called once and DescribeInstances {}.",
            shown(ran.took),
            times(instances)
        ))?;
        Ok(ran)
    }

    async fn agents(&mut self) -> Result<(), Stop> {
        self.transcript.remark(
            "Whether an instance's SSM agent is online takes more calls. A list never\n\
             waits for them (… above), unless their columns are asked for by name.",
        )?;
        let line = "aws-ssm list --columns name,id,ssm,agent-version --limit 3";
        let ran = self.run(line, HEAD).await?;
        check(!ran.stdout.contains('…'), || {
            "the agents are not known".to_owned()
        })?;
        check(
            self.calls(self.stage.account(), "DescribeInstanceInformation") > 0,
            || "AWS was not asked for agents".to_owned(),
        )?;
        Ok(())
    }

    async fn warm_list(&mut self, cold: &Ran) -> Result<Ran, Stop> {
        self.transcript
            .remark("Warm: the same list again, from the daemon's memory.")?;
        let ran = self.run_without_calls("aws-ssm list", HEAD).await?;
        check(ids(&ran.stdout) == ids(&cold.stdout), || {
            "the warm list is another one than the cold".to_owned()
        })?;
        Ok(ran)
    }

    fn compare(&mut self, cold: Duration, warm: Duration) -> Result<(), Stop> {
        let mut text = format!(
            "{}, and no AWS call. Cold it was {}.",
            shown(warm),
            shown(cold)
        );
        if cfg!(debug_assertions) {
            text.push_str(
                "\nThis is a build without optimisation; docs/performance.md has the figures.",
            );
        }
        Ok(self.transcript.remark(&text)?)
    }

    async fn tags(&mut self) -> Result<(), Stop> {
        self.transcript
            .remark("Filters, columns and sorting need no AWS call either.")?;
        let line = "aws-ssm list --tag Service=web --columns name,id,launched,tag:Service \
                    --sort -launched";
        let ran = self.run_without_calls(line, HEAD).await?;
        let rows = || ran.stdout.lines().skip(1);
        check(
            rows().count() > 0 && rows().all(|row| row.ends_with(" web")),
            || "an instance without the tag is listed, or none".to_owned(),
        )
    }

    async fn pipe(&mut self) -> Result<(), Stop> {
        self.transcript
            .remark("In a pipe: one JSON object a line, with the fields that are asked for.")?;
        let line =
            "aws-ssm list -o jsonl --columns id,type,az,private-ip | grep m5.large | head -n 3";
        let ran = self.run_without_calls(line, HEAD).await?;
        check(ran.stdout.lines().count() > 0, || "nothing came".to_owned())?;
        for row in ran.stdout.lines() {
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(row);
            check(parsed.is_ok_and(|row| row["type"] == "m5.large"), || {
                format!("this is no such object: {row}")
            })?;
        }
        Ok(())
    }

    async fn show(&mut self) -> Result<(), Stop> {
        self.transcript.remark(
            "Everything that is known of one instance. The first time, the interfaces and\n\
             subnets of the region are fetched; they are then kept as the instances are.",
        )?;
        let ran = self.run("aws-ssm show web-1", 60).await?;
        check(ran.stdout.contains(&self.stage.account().id), || {
            "it is not said whose instance it is".to_owned()
        })?;
        self.run_without_calls("aws-ssm interfaces web-1", HEAD)
            .await?;
        Ok(())
    }

    async fn other_profile(&mut self, cold: &Ran) -> Result<(), Stop> {
        self.transcript.remark(
            "Another profile is another account. The same daemon answers, from AWS: what\n\
             one identity has loaded, no other sees.",
        )?;
        let before = self.total(self.stage.account());
        let line = format!("aws-ssm list --profile {OTHER_PROFILE}");
        let ran = self.run(&line, HEAD).await?;
        let (mine, theirs) = (ids(&cold.stdout), ids(&ran.stdout));
        check(theirs == self.truth(self.stage.other_account())?, || {
            "the list is not that account's".to_owned()
        })?;
        let both = mine.intersection(&theirs).count();
        let asked = self.total(self.stage.account()) - before;
        check(both == 0 && asked == 0, || {
            format!(
                "{both} instances are in both lists, and the first account was asked {asked} times"
            )
        })?;
        self.transcript.remark(&format!(
            "{} instances here, {} before, none in both.",
            theirs.len(),
            mine.len()
        ))?;
        Ok(())
    }

    async fn stats(&mut self) -> Result<(), Stop> {
        self.transcript.remark("What the daemon has done so far.")?;
        let ran = self.run("aws-ssm daemon stats", STATS_HEAD).await?;
        check(ran.stdout.contains("hit-rate"), || {
            "there is no hit rate".to_owned()
        })?;
        let calls = self.audit().await?;
        self.transcript.remark(&format!(
            "The local AWS has counted the same: {calls} calls, to the byte."
        ))?;
        Ok(())
    }

    /// Compares what the daemon has counted with what the local AWS has, which may
    /// differ while a call is under way; returns how many calls there were.
    async fn audit(&self) -> Result<u64, Stop> {
        let deadline = Instant::now() + SETTLING;
        loop {
            let stats = self.stage.run("aws-ssm daemon stats -o json").await?;
            let stats = serde_json::from_str(&stats.stdout);
            let stats = stats.map_err(|error| failed("no counters", error.to_string()))?;
            let counts = self.stage.sandbox.counts();
            let same = audit::same_calls(&stats, &counts)
                .and_then(|()| audit::every_section_counts(&stats));
            match same {
                Ok(()) => return Ok(counts.total()),
                Err(why) if Instant::now() > deadline => {
                    return Err(failed("the counters are wrong", why).into());
                }
                Err(_) => tokio::time::sleep(BETWEEN_LOOKS).await,
            }
        }
    }

    /// Tells the daemon to end, and sees that it has.
    pub(super) async fn stop(&mut self) -> Result<(), Stop> {
        self.transcript
            .remark("It would end by itself when nobody calls. Now it is told to.")?;
        self.run("aws-ssm daemon stop", HEAD).await?;
        let status = self.stage.run("aws-ssm daemon status").await;
        check(status.is_err(), || "the daemon still runs".to_owned())
    }

    /// For those who go on in another terminal.
    pub(super) fn hand_over(&mut self) -> Result<(), Stop> {
        let sandbox = self.stage.sandbox.endpoint();
        self.transcript.remark(
            "All of this goes on until Ctrl-C here. In another terminal, copy these lines\n\
             and type commands as above.",
        )?;
        self.transcript.lines(&self.stage.exports())?;
        self.transcript
            .remark("And this tells what the local AWS was asked:")?;
        Ok(self
            .transcript
            .lines(&format!("curl {sandbox}/_sandbox/counts"))?)
    }

    /// How many commands were shown.
    pub(super) fn commands(&self) -> usize {
        self.commands
    }

    async fn run(&mut self, line: &str, head: usize) -> Result<Ran, Stop> {
        self.transcript.command(line)?;
        let ran = self.stage.run(line).await?;
        self.commands += 1;
        self.transcript.output(&ran.stdout, head)?;
        Ok(ran)
    }

    async fn run_without_calls(&mut self, line: &str, head: usize) -> Result<Ran, Stop> {
        let before = self.stage.sandbox.counts().total();
        let ran = self.run(line, head).await?;
        let calls = self.stage.sandbox.counts().total() - before;
        check(calls == 0, || format!("`{line}` made {calls} AWS calls"))?;
        Ok(ran)
    }

    fn calls(&self, account: &Account, operation: &str) -> u64 {
        let counts = self.stage.sandbox.counts();
        counts.by(&account.id, REGION, operation)
    }

    fn total(&self, account: &Account) -> u64 {
        let counts = self.stage.sandbox.counts();
        let own = counts.iter().filter(|count| count.account == account.id);
        own.map(|count| count.calls).sum()
    }

    /// The ids of an account's instances that a list shows by default.
    fn truth(&self, account: &Account) -> Result<BTreeSet<String>, Error> {
        let instances = self.stage.sandbox.instances(&account.id, REGION);
        let instances = instances.map_err(|error| failed("no fleet", error.to_string()))?;
        let shown = instances
            .into_iter()
            .filter(|instance| matches!(instance.state, State::Pending | State::Running));
        Ok(shown.map(|instance| instance.id).collect())
    }
}

fn check(holds: bool, why: impl FnOnce() -> String) -> Result<(), Stop> {
    if holds {
        return Ok(());
    }
    Err(failed("the demo does not show what it should", why()).into())
}

/// The instance ids in a table, one in each line but the first.
fn ids(table: &str) -> BTreeSet<String> {
    let words = table.split_whitespace();
    let ids = words.filter(|word| word.starts_with("i-") && word.len() == 19);
    ids.map(str::to_owned).collect()
}

fn shown(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1e3)
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}
