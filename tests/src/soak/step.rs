//! What is done next, by chance.

use crate::sandbox::random::Random;
use crate::sandbox::{Fault, Sandbox};

use super::scene::REGIONS;

/// One thing that somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// One terminal lists one region.
    List,
    /// It insists on fresh data, or data of some age.
    ListFresher,
    /// It does without the daemon.
    ListAlone,
    /// It asks for an instance by its name.
    Resolve,
    /// It asks the daemon of itself.
    Inspect,
    /// Several terminals ask at once.
    Crowd,
    /// The same, and the daemon is killed in the middle of it.
    CrowdAndKill,
    /// An instance is launched, stopped, started, renamed or terminated.
    ChangeFleet,
    /// AWS begins to fail.
    Fault,
    /// AWS begins to refuse an account.
    Refuse,
    /// AWS works again.
    Heal,
    /// SIGKILL.
    Kill,
    Restart,
    /// The settings change, and are read again.
    Reload,
    /// Another file comes to the place of the daemon's program.
    ReplaceProgram,
    /// This machine's clock seems to jump an hour, seen from AWS.
    JumpClock,
    /// The disk is full from now on, or has room again.
    FillDisk,
    /// A profile leads to another account.
    EditProfile,
    ClearCache,
}

/// How often each comes; the second number is for the part that is one daemon's life.
const WEIGHTS: [(Step, u64, u64); 19] = [
    (Step::List, 30, 34),
    (Step::ListFresher, 8, 8),
    (Step::ListAlone, 3, 3),
    (Step::Resolve, 8, 8),
    (Step::Inspect, 4, 4),
    (Step::Crowd, 6, 8),
    (Step::CrowdAndKill, 3, 0),
    (Step::ChangeFleet, 12, 12),
    (Step::Fault, 8, 8),
    (Step::Refuse, 1, 1),
    (Step::Heal, 4, 4),
    (Step::Kill, 2, 0),
    (Step::Restart, 2, 0),
    (Step::Reload, 2, 2),
    (Step::ReplaceProgram, 1, 0),
    (Step::JumpClock, 1, 1),
    (Step::FillDisk, 2, 2),
    (Step::EditProfile, 2, 2),
    (Step::ClearCache, 1, 1),
];

impl Step {
    /// The next one; `is_calm`: none that ends the daemon.
    pub(super) fn choose(random: &mut Random, is_calm: bool) -> Self {
        let weight = |(_, usual, calm): (Self, u64, u64)| if is_calm { calm } else { usual };
        let mut at = random.below(WEIGHTS.map(weight).iter().sum());
        for entry in WEIGHTS {
            if at < weight(entry) {
                return entry.0;
            }
            at -= weight(entry);
        }
        unreachable!("the weights add up to the bound")
    }
}

/// Something that goes wrong at AWS's side and is nobody's fault.
pub(super) fn fault(random: &mut Random) -> Fault {
    let kinds = [
        Fault::throttle(0.3),
        Fault::throttle(1.0),
        Fault::internal_error().rate(0.5),
        Fault::unavailable(),
        Fault::hang().times(3),
        Fault::cut().rate(0.5),
        Fault::nonsense().times(3),
    ];
    let fault = random.pick(&kinds).clone();
    let operations = [
        "DescribeInstances",
        "DescribeInstanceInformation",
        "GetCallerIdentity",
        "AssumeRole",
    ];
    let fault = match random.below(3) {
        0 => fault,
        _ => fault.on(random.pick::<&str>(&operations)),
    };
    match random.below(3) {
        0 => fault.in_region(random.pick::<&str>(&REGIONS)),
        _ => fault,
    }
}

/// A refusal of everything that an account asks.
pub(super) fn refusal(random: &mut Random, sandbox: &Sandbox, account: usize) -> Fault {
    let kinds = [
        Fault::access_denied().on("DescribeInstances"),
        Fault::expired_token(),
        Fault::unknown_key(),
    ];
    let account = &sandbox.account(account).id;
    random.pick(&kinds).clone().for_account(account)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_step_comes_and_a_calm_part_ends_no_daemon() {
        let mut random = Random::labelled(1, &[]);
        let mut chosen = |is_calm| -> BTreeSet<Step> {
            let steps = (0..5_000).map(|_| Step::choose(&mut random, is_calm));
            steps.collect()
        };
        assert_eq!(chosen(false).len(), WEIGHTS.len());
        let calm = chosen(true);
        let ends = [
            Step::CrowdAndKill,
            Step::Kill,
            Step::Restart,
            Step::ReplaceProgram,
        ];
        assert!(ends.iter().all(|step| !calm.contains(step)), "{calm:?}");
        assert_eq!(calm.len(), WEIGHTS.len() - ends.len());
    }
}
