//! `completion`: what makes a shell complete commands, flags and names.
//!
//! The scripts hold nothing of the command line: each asks `aws-ssm __complete` (see
//! [`super::complete`]) when Tab is pressed, so none is ever out of date.

use super::Context;
use crate::error::Failure;
use crate::shell::Shell;

pub(super) fn run(shell: &str, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let script = match Shell::parse(shell)? {
        Shell::Bash => include_str!("completion/bash.bash"),
        Shell::Zsh => include_str!("completion/zsh.zsh"),
        Shell::Fish => include_str!("completion/fish.fish"),
        Shell::Powershell => include_str!("completion/powershell.ps1"),
    };
    ctx.sink.buffer().extend_from_slice(script.as_bytes());
    Ok(())
}
