//! How a word that is being typed can go on.

/// Most candidates of one answer. More help nobody, and a shell asks before it shows
/// as many.
pub const MOST_CANDIDATES: usize = 200;

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Completable {
    /// The name or the id of an instance.
    Target,
    TagKey,
    /// The value of the tag with this key.
    TagValue(String),
    Region,
    Profile,
    /// One term of the search language.
    Term,
}

/// One way to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The whole word.
    pub value: String,
    /// A few words on it; may be empty.
    pub about: String,
}

impl Candidate {
    /// One that needs no words.
    #[must_use]
    pub fn bare(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            about: String::new(),
        }
    }
    /// The same, with this around its value.
    #[must_use]
    pub fn between(self, before: &str, after: &str) -> Self {
        Self {
            value: [before, &self.value, after].concat(),
            ..self
        }
    }
}
