//! `__complete`: answers a shell in which Tab was pressed.
//!
//! Nothing is ever said but what can stand there: whatever goes wrong, or takes too
//! long, the answer is empty. No daemon is started, and the one that runs is asked
//! for what it has in memory.

mod place;

use std::time::Duration;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Candidate, Completable};
use aws_ssm_proto::endpoint::Endpoint;
use aws_ssm_proto::launch::connect_only;
use tokio::time::{Instant, timeout_at};

use super::Context;
use crate::caller::caller;
use crate::cli::{CompleteArgs, GlobalArgs};
use crate::error::Failure;
use crate::shell::line::Typed;
use crate::shell::{FILES, Offer, Shell};
use place::{Ending, Wanted, find};

/// How long the daemon may take unless `--timeout` says it. After a tenth of a second a person feels that he
/// waits; the rest of that is for two processes to begin and to end.
const PATIENCE: Duration = Duration::from_millis(85);

pub(super) async fn run(args: &CompleteArgs, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let patience = ctx.args.timeout.as_ref().map(|_| ctx.settings.timeout);
    let deadline = Instant::now() + patience.unwrap_or(PATIENCE);
    let Ok(shell) = Shell::parse(&args.shell) else {
        return Ok(());
    };
    let typed = typed(shell, args);
    let answer = match find(&typed) {
        Wanted::Nothing => return Ok(()),
        Wanted::File => FILES.to_owned(),
        Wanted::Known(offers) => shell.answer(&offers, &typed),
        Wanted::Live { given, asked, ends } => {
            let found = timeout_at(deadline, ask(&given, &asked, ctx, deadline)).await;
            let found = found.ok().flatten().unwrap_or_default();
            shell.answer(&ends.offers(found), &typed)
        }
    };
    ctx.sink.buffer().extend_from_slice(answer.as_bytes());
    Ok(())
}

/// What was typed, as this shell's script tells it.
fn typed(shell: Shell, args: &CompleteArgs) -> Typed {
    let words = args.words.iter();
    let mut words: Vec<String> = words.map(|w| w.to_string_lossy().into_owned()).collect();
    match shell {
        Shell::Bash => {
            let breaks = args.breaks.as_deref().unwrap_or_default();
            Typed::line(&words.concat(), breaks)
        }
        Shell::Zsh | Shell::Fish => Typed::words(words),
        Shell::Powershell => {
            // Its script puts a dot there, since it loses an empty word.
            if let Some(last) = words.last_mut() {
                last.pop();
            }
            Typed::words(words)
        }
    }
}

/// What the daemon has in memory; `None` if there is no daemon, or no answer.
async fn ask(
    given: &GlobalArgs,
    asked: &(Completable, String),
    ctx: &Context<'_>,
    deadline: Instant,
) -> Option<Vec<Candidate>> {
    let caller = caller(given, ctx.surroundings).ok()?;
    let endpoint = Endpoint::from_process_environment().ok()?;
    let socket = connect_only(&endpoint, deadline).await.ok()??;
    let client = Client::over(socket, deadline).await.ok()?;
    let (what, beginning) = asked;
    client.complete(&caller, what, beginning).await.ok()
}

impl Ending {
    /// The whole words that candidates make.
    fn offers(&self, candidates: Vec<Candidate>) -> Vec<Offer> {
        let candidates = candidates.into_iter();
        let words = candidates.map(|candidate| candidate.between(&self.before, self.after));
        let offers = words.map(|word| Offer {
            // A value is still to come.
            open: word.value.ends_with(['=', ':']),
            about: word.about,
            value: word.value,
        });
        offers.collect()
    }
}
