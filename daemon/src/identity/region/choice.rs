//! Regions as a call names them: each by its name, by a glob, or all of them.
//!
//! What a glob means is known only with the list of the account's regions; whoever has
//! that expands it. A name needs no list, so that one which the account has not enabled,
//! or which is newer than the list, is asked all the same.

use aws_ssm_proto::domain::{Error, ErrorKind, nearest};

use super::{MOST, are_of_one_partition, check, partition, too_many};
use crate::query::like;

/// The word for every region of the account.
const ALL: &str = "all";
/// What names regions in a call.
pub(super) const FLAG: &str = "--region";

/// The regions that a call asks for; one at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegionChoice {
    /// These, each once, in the order named.
    Named(Vec<String>),
    /// Those that some words mean.
    Wide(Wide),
}

/// Words of which one at least is no region's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wide {
    /// The region that is asked for the account's regions.
    pub home: String,
    words: Vec<Word>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Name(String),
    Glob(String),
}

impl RegionChoice {
    /// Reads the words of a call. `configured` is the region of calls that name none.
    ///
    /// # Errors
    ///
    /// `Usage` for a word that is no region's name and no glob over such names, and for
    /// too many.
    pub fn read(words: &[String], configured: impl Fn() -> Option<String>) -> Result<Self, Error> {
        if words.len() > MOST {
            return Err(too_many(words.len()));
        }
        if words.iter().any(|word| is_wide(word)) {
            let words: Vec<Word> = words
                .iter()
                .map(|word| read_word(word))
                .collect::<Result<_, _>>()?;
            let home = home(&words, configured());
            return Ok(Self::Wide(Wide { home, words }));
        }
        let mut names = Vec::with_capacity(words.len());
        for name in words {
            check(name, FLAG)?;
            add(&mut names, name);
        }
        Ok(Self::Named(names))
    }

    /// The first region, or the one that knows which they are.
    #[must_use]
    pub fn home(&self) -> &str {
        match self {
            Self::Named(names) => names.first().expect("a call asks for one region at least"),
            Self::Wide(wide) => &wide.home,
        }
    }

    /// The regions that are known without asking.
    #[must_use]
    pub fn named(&self) -> &[String] {
        match self {
            Self::Named(names) => names,
            Self::Wide(_) => &[],
        }
    }

    /// What was typed.
    #[must_use]
    pub fn into_words(self) -> Vec<String> {
        match self {
            Self::Named(names) => names,
            Self::Wide(wide) => wide.words.into_iter().map(Word::into_text).collect(),
        }
    }
}

impl Wide {
    /// The regions that are meant, of an account that has these: in the order of the
    /// words, those of one glob by name, each once.
    ///
    /// # Errors
    ///
    /// `Usage` for a glob that fits none, and for more regions than one call may ask.
    pub fn expand(&self, enabled: &[&str]) -> Result<Vec<String>, Error> {
        let mut enabled = enabled.to_vec();
        enabled.sort_unstable();
        let mut names = Vec::with_capacity(enabled.len());
        for word in &self.words {
            match word {
                Word::Name(name) => add(&mut names, name),
                Word::Glob(glob) => {
                    let mut fitting = enabled.iter().filter(|name| like(glob, name)).peekable();
                    if fitting.peek().is_none() {
                        return Err(fits_none(glob, &enabled));
                    }
                    fitting.for_each(|name| add(&mut names, name));
                }
            }
        }
        match names.len() {
            count if count > MOST => Err(too_many(count)),
            _ => Ok(names),
        }
    }

    /// What was typed, as one text.
    #[must_use]
    pub fn typed(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(Word::text).collect();
        words.join(",")
    }
}

impl Word {
    fn text(&self) -> &str {
        match self {
            Self::Name(text) => text,
            Self::Glob(glob) if glob == "*" => ALL,
            Self::Glob(glob) => glob,
        }
    }

    fn into_text(self) -> String {
        self.text().to_owned()
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn read_word(typed: &str) -> Result<Word, Error> {
    if typed.eq_ignore_ascii_case(ALL) {
        return Ok(Word::Glob("*".to_owned()));
    }
    if is_glob(typed) {
        return Ok(Word::Glob(typed.to_owned()));
    }
    check(typed, FLAG)?;
    Ok(Word::Name(typed.to_owned()))
}

/// Letters of regions' names, and one that stands for others.
pub(super) fn is_glob(text: &str) -> bool {
    let may_stand = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-*?".contains(&b);
    // As long as a name may be.
    text.len() <= 63 && text.contains(['*', '?']) && text.bytes().all(may_stand)
}

/// Whether this is how several regions are named at once, or could have been meant so.
pub(super) fn is_wide(text: &str) -> bool {
    text.eq_ignore_ascii_case(ALL) || text.contains(['*', '?'])
}

/// Where the account's regions are asked for: where this terminal is at home, if that is
/// in the partition that the words name, else in the first region named, else where
/// every account of the partition has a region.
fn home(words: &[Word], configured: Option<String>) -> String {
    let first = words.first().map_or(ALL, Word::text);
    if let Some(configured) = configured.filter(|home| fits(first, home)) {
        return configured;
    }
    let mut names = words.iter().filter(|word| matches!(word, Word::Name(_)));
    if let Some(name) = names.next() {
        return name.text().to_owned();
    }
    partition(first)
        .map_or("us-east-1", |(_, home)| home)
        .to_owned()
}

/// Whether credentials for what is asked can be good in this region. Only a name, or a
/// glob that begins as one, tells its partition.
#[must_use]
pub fn fits(asked: &str, home: &str) -> bool {
    (is_wide(asked) && partition(asked).is_none()) || are_of_one_partition(asked, home)
}

fn fits_none(glob: &str, enabled: &[&str]) -> Error {
    let letters: String = glob.chars().filter(|c| !"*?".contains(*c)).collect();
    let close = nearest(&letters, enabled.iter().copied());
    let hint = match close {
        Some(name) => format!("did you mean {name}?"),
        None => "`aws-ssm regions` lists yours; one that is not enabled can be asked by its \
                 name"
            .to_owned(),
    };
    Error::new(
        ErrorKind::Usage,
        format!("no region of this account is like {glob}"),
    )
    .why(format!("it has {}", enabled.join(", ")))
    .hint(hint)
    .candidates(close.map(str::to_owned).into_iter().collect())
}

/// Whether a region could be asked that is called so.
#[must_use]
pub fn means(words: &[String], region: &str) -> bool {
    let fits = |word: &String| {
        word == region || word.eq_ignore_ascii_case(ALL) || (is_glob(word) && like(word, region))
    };
    words.iter().any(fits)
}

/// Refuses words that can mean no region.
///
/// # Errors
///
/// As [`RegionChoice::read`].
pub fn check_words(words: &[String]) -> Result<(), Error> {
    RegionChoice::read(words, || None).map(drop)
}

#[cfg(test)]
mod tests;
