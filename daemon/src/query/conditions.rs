//! What an instance must be to be listed: every term of a question, and its state.

use aws_ssm_proto::domain::{Error, ErrorKind, ListQuery, TagFilter};

use super::parse;
use super::pattern::Pattern;
use super::term::{Term, Test};

/// Values of all terms together. A person names a handful and a script some hundreds;
/// each may be looked for in every text of a fleet, on the thread that answers
/// everybody.
const VALUES: usize = 1000;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    pub(super) terms: Vec<Term>,
    /// Also instances that are neither pending nor running.
    pub(super) all_states: bool,
}

impl Conditions {
    /// Reads what a question asks for; `now` is in seconds since 1970.
    ///
    /// # Errors
    ///
    /// `Usage`, with the column of the mistake.
    pub fn new(query: &ListQuery, now: i64) -> Result<Self, Error> {
        let mut terms: Vec<Term> = query.tags.iter().map(exactly).collect();
        for typed in &query.terms {
            terms.push(parse::term(typed, now)?);
        }
        let values = terms.iter().map(|term| term.test.values()).sum();
        if values > VALUES {
            return Err(too_many(values));
        }
        let about_states = |term: &Term| matches!(term.test, Test::State(_));
        Ok(Self {
            all_states: query.all_states || terms.iter().any(about_states),
            terms,
        })
    }

    /// Whether the agents must be known to tell who meets them.
    #[must_use]
    pub fn are_about_agents(&self) -> bool {
        let mut terms = self.terms.iter();
        terms.any(|term| matches!(term.test, Test::Agent(_)))
    }

    /// Whether only the state counts.
    pub(super) fn are_of_state_alone(&self) -> bool {
        self.terms.is_empty()
    }
}

/// `--tag` takes key and value as they are, as AWS does.
fn exactly(filter: &TagFilter) -> Term {
    let literal = |text: &String| Pattern::Literal(text.clone());
    Term {
        excludes: false,
        test: Test::Tag(literal(&filter.key), vec![literal(&filter.value)]),
    }
}

fn too_many(values: usize) -> Error {
    let what = format!("{values} values are too many to look for");
    Error::new(ErrorKind::Usage, what)
        .why(format!("the terms of one call may have {VALUES}"))
        .hint("use a glob such as web-*, or ask for some of them at a time")
}
