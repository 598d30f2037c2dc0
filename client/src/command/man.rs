//! `man`: the manual, a page for each command, from the definition that `--help` is
//! made of.

mod page;

use std::fs;
use std::path::Path;

use aws_ssm_proto::domain::{Error, ErrorKind, nearest};
use clap::Command;

use super::Context;
use crate::cli::{ManArgs, whole};
use crate::error::{Failure, usage};
use page::{Page, is_shown};

pub(super) fn run(args: &ManArgs, ctx: &mut Context<'_>) -> Result<(), Failure> {
    let mut root = whole();
    root.build();
    match &args.dir {
        Some(dir) => {
            let written = write_all(&root, dir)?;
            let dir = dir.display();
            ctx.notices
                .say(format_args!("wrote {written} pages to {dir}"));
        }
        None => {
            let page = find(&root, &args.command)?;
            ctx.sink
                .buffer()
                .extend_from_slice(page.render().as_bytes());
        }
    }
    Ok(())
}

/// The page of the command that these words name.
fn find<'a>(root: &'a Command, words: &[String]) -> Result<Page<'a>, Error> {
    let mut page = Page::of(root);
    for word in words {
        let known = page.command().find_subcommand(word);
        let below = known.filter(|below| is_shown(below));
        page = match below {
            Some(below) => page.below(below),
            None => return Err(no_page(&page, word)),
        };
    }
    Ok(page)
}

fn no_page(above: &Page<'_>, word: &str) -> Error {
    let names = || above.commands().map(Command::get_name);
    let name = above.words();
    let error = usage(format!("there is no manual page for {word:?}"));
    let error = match names().next() {
        Some(_) => error.why(format!("{name} has no such command")),
        None => error.why(format!("{name} has no commands below it")),
    };
    error.hint(match nearest(word, names()) {
        Some(near) => format!("did you mean {near}?"),
        None => "`aws-ssm --help` lists the commands".to_owned(),
    })
}

/// Writes every page into `dir`, which is made if it is not there; returns how many.
fn write_all(root: &Command, dir: &Path) -> Result<usize, Error> {
    let failed = |error: std::io::Error| {
        let what = format!("cannot write the manual to {}", dir.display());
        Error::new(ErrorKind::Internal, what)
            .why(crate::error::reason(&error))
            .hint("name a directory that you may write to")
    };
    fs::create_dir_all(dir).map_err(failed)?;
    let mut pages = vec![Page::of(root)];
    let mut written = 0;
    while let Some(page) = pages.pop() {
        fs::write(dir.join(page.file()), page.render()).map_err(failed)?;
        written += 1;
        pages.extend(page.commands().map(|below| page.below(below)));
    }
    Ok(written)
}
