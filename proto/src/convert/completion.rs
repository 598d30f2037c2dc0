//! Words that are being typed.

use crate::domain::{Caller, Candidate, Completable, Error, ErrorKind};
use crate::wire::{self, CompletionKind};

impl wire::CompleteRequest {
    /// A question of how `beginning` can go on.
    #[must_use]
    pub fn new(caller: &Caller, what: &Completable, beginning: &str) -> Self {
        let (kind, tag_key) = match what {
            Completable::Target => (CompletionKind::Target, ""),
            Completable::TagKey => (CompletionKind::TagKey, ""),
            Completable::TagValue(key) => (CompletionKind::TagValue, key.as_str()),
            Completable::Region => (CompletionKind::Region, ""),
            Completable::Profile => (CompletionKind::Profile, ""),
            Completable::Term => (CompletionKind::Term, ""),
        };
        Self {
            caller: Some(caller.into()),
            kind: kind.into(),
            beginning: beginning.to_owned(),
            tag_key: tag_key.to_owned(),
        }
    }

    /// What the word is.
    ///
    /// # Errors
    ///
    /// `Usage` for a kind that this version does not know.
    pub fn what(&self) -> Result<Completable, Error> {
        Ok(match self.kind() {
            CompletionKind::Target => Completable::Target,
            CompletionKind::TagKey => Completable::TagKey,
            CompletionKind::TagValue => Completable::TagValue(self.tag_key.clone()),
            CompletionKind::Region => Completable::Region,
            CompletionKind::Profile => Completable::Profile,
            CompletionKind::Term => Completable::Term,
            CompletionKind::Unspecified => {
                return Err(
                    Error::new(ErrorKind::Usage, "the word to complete is of no kind")
                        .why(format!("kind {} is not known here", self.kind))
                        .hint("restart the daemon if the client is newer"),
                );
            }
        })
    }
}

impl From<Candidate> for wire::Candidate {
    fn from(candidate: Candidate) -> Self {
        Self {
            value: candidate.value,
            about: candidate.about,
        }
    }
}

impl From<wire::Candidate> for Candidate {
    fn from(candidate: wire::Candidate) -> Self {
        Self {
            value: candidate.value,
            about: candidate.about,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_word_travels() {
        for what in [
            Completable::Target,
            Completable::TagKey,
            Completable::TagValue("Team".into()),
            Completable::Region,
            Completable::Profile,
            Completable::Term,
        ] {
            let question = wire::CompleteRequest::new(&Caller::default(), &what, "we");
            assert_eq!(question.what(), Ok(what));
        }
        let error = wire::CompleteRequest::default().what().expect_err("none");
        assert_eq!(error.kind, ErrorKind::Usage);
    }
}
