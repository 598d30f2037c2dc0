//! The terms of the search language: what is to be asked of the daemon, and what its
//! answers leave of the list.
//!
//! A wrong term counts for nothing and is told; the others hold. Which one is wrong is
//! known because a question never has more than one that nobody has judged. The last
//! answer holds until the next one is there, so that the list does not flicker while
//! somebody types.

use std::collections::{HashMap, HashSet};

use aws_ssm_proto::domain::{Error, ErrorKind};

/// Terms whose worth is remembered; so many are typed by nobody.
const MOST_KNOWN: usize = 256;

/// Terms of one question.
pub(super) type Terms = Vec<String>;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// As they are typed.
    wanted: Terms,
    /// `None`: it is right.
    known: HashMap<String, Option<Error>>,
    answer: Option<Answer>,
    /// A question that was not answered, for a reason that no term is to blame for.
    failure: Option<(Terms, Error)>,
}

#[derive(Debug)]
struct Answer {
    terms: Terms,
    /// The ids of those that match.
    ids: HashSet<String>,
}

impl Filter {
    /// Takes note of the terms that are typed now.
    pub(super) fn want(&mut self, terms: &[String]) {
        if self.known.len() > MOST_KNOWN {
            self.known.clear();
        }
        terms.clone_into(&mut self.wanted);
        if self.question_of_known().is_empty() && self.question().is_none() {
            self.answer = None;
        }
        if self.wanted.is_empty() {
            self.failure = None;
        }
    }

    /// What the daemon is to be asked next; `None` if everything is known.
    pub(super) fn question(&self) -> Option<Terms> {
        let mut terms = self.question_of_known();
        let unknown = self
            .wanted
            .iter()
            .find(|term| !self.known.contains_key(*term));
        terms.extend(unknown.cloned());
        let asked = |known: &Terms| *known == terms;
        let is_settled = terms.is_empty()
            || self
                .answer
                .as_ref()
                .is_some_and(|answer| asked(&answer.terms))
            || self.failure.as_ref().is_some_and(|(known, _)| asked(known));
        (!is_settled).then_some(terms)
    }

    fn question_of_known(&self) -> Terms {
        let is_right = |term: &&String| matches!(self.known.get(*term), Some(None));
        self.wanted.iter().filter(is_right).cloned().collect()
    }

    /// The answer to a question that [`Filter::question`] has asked.
    pub(super) fn answered(&mut self, terms: Terms, answer: Result<HashSet<String>, Error>) {
        match answer {
            Ok(ids) => {
                self.known
                    .extend(terms.iter().map(|term| (term.clone(), None)));
                self.failure = None;
                self.answer = Some(Answer { terms, ids });
            }
            Err(error) if error.kind == ErrorKind::Usage => {
                let unknown = terms.iter().find(|term| !self.known.contains_key(*term));
                match unknown {
                    Some(term) => drop(self.known.insert(term.clone(), Some(error))),
                    None => self.failure = Some((terms, error)),
                }
                if self.question_of_known().is_empty() {
                    self.answer = None;
                }
            }
            Err(error) => self.failure = Some((terms, error)),
        }
    }

    /// Whether an instance of this id is left in the list.
    pub(super) fn takes(&self, id: &str) -> bool {
        self.answer
            .as_ref()
            .is_none_or(|answer| answer.ids.contains(id))
    }

    /// What is wrong with a term, or why it was not answered.
    pub(super) fn trouble(&self) -> Option<&Error> {
        let wrong = self
            .wanted
            .iter()
            .find_map(|term| self.known.get(term)?.as_ref());
        wrong.or(self.failure.as_ref().map(|(_, error)| error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(typed: &[&str]) -> Terms {
        typed.iter().map(|term| (*term).to_owned()).collect()
    }

    fn wrong() -> Result<HashSet<String>, Error> {
        Err(Error::new(ErrorKind::Usage, "wrong"))
    }

    fn ids(ids: &[&str]) -> Result<HashSet<String>, Error> {
        Ok(ids.iter().map(|id| (*id).to_owned()).collect())
    }

    /// Answers every question: terms with a `?` are wrong.
    fn settle(filter: &mut Filter) -> Vec<Terms> {
        let mut asked = Vec::new();
        while let Some(question) = filter.question() {
            let is_wrong = question.iter().any(|term| term.contains('?'));
            let answer = if is_wrong { wrong() } else { ids(&["i-1"]) };
            filter.answered(question.clone(), answer);
            asked.push(question);
            assert!(asked.len() < 20, "{asked:?}");
        }
        asked
    }

    #[test]
    fn terms_are_asked_together_and_only_once() {
        let mut filter = Filter::default();
        assert_eq!(filter.question(), None);
        assert!(filter.takes("i-2"));
        filter.want(&terms(&["a:1"]));
        assert_eq!(settle(&mut filter), [terms(&["a:1"])]);
        filter.want(&terms(&["a:1", "b:1"]));
        assert_eq!(settle(&mut filter), [terms(&["a:1", "b:1"])]);
        assert!(filter.takes("i-1") && !filter.takes("i-2"));
        filter.want(&[]);
        assert!(filter.takes("i-2"));
    }

    #[test]
    fn a_wrong_term_is_told_and_the_others_hold() {
        let mut filter = Filter::default();
        filter.want(&terms(&["a:1", "b:?"]));
        assert_eq!(
            settle(&mut filter),
            [terms(&["a:1"]), terms(&["a:1", "b:?"])]
        );
        assert!(filter.trouble().is_some());
        assert!(filter.takes("i-1") && !filter.takes("i-2"));
        filter.want(&terms(&["a:1"]));
        assert!(filter.trouble().is_none());
        assert!(settle(&mut filter).is_empty());
    }

    #[test]
    fn a_wrong_term_alone_empties_nothing() {
        let mut filter = Filter::default();
        filter.want(&terms(&["b:?"]));
        settle(&mut filter);
        assert!(filter.trouble().is_some() && filter.takes("i-2"));
        // Neither after a right one has been answered.
        filter.want(&terms(&["a:1"]));
        settle(&mut filter);
        filter.want(&terms(&["b:?"]));
        assert!(filter.takes("i-2"));
        filter.want(&terms(&["a:1"]));
        settle(&mut filter);
        filter.want(&terms(&["a:1?"]));
        settle(&mut filter);
        assert!(filter.takes("i-2"));
    }

    #[test]
    fn the_last_answer_holds_until_the_next_is_there() {
        let mut filter = Filter::default();
        filter.want(&terms(&["a:1"]));
        settle(&mut filter);
        filter.want(&terms(&["a:12"]));
        assert!(!filter.takes("i-2"));
        assert_eq!(filter.question(), Some(terms(&["a:12"])));
    }

    #[test]
    fn what_is_no_terms_fault_is_told_and_not_asked_again_for_ever() {
        let mut filter = Filter::default();
        filter.want(&terms(&["a:1"]));
        let question = filter.question().expect("a question");
        let gone = Error::new(ErrorKind::Unavailable, "gone");
        filter.answered(question, Err(gone));
        assert_eq!(filter.question(), None);
        assert!(filter.trouble().is_some() && filter.takes("i-2"));
        filter.want(&terms(&["a:12"]));
        settle(&mut filter);
        assert!(filter.trouble().is_none());
        filter.want(&[]);
        assert!(filter.trouble().is_none());
    }
}
