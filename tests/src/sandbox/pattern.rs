//! Owns the matching of EC2 filter values: `*` any run, `?` one character,
//! backslash before either for the character itself; case matters.

/// A filter value, taken apart once.
#[derive(Debug)]
pub(crate) enum Pattern {
    Literal(String),
    Glob(Vec<Piece>),
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Piece {
    One(char),
    AnyOne,
    AnyRun,
}

impl Pattern {
    pub(crate) fn parse(value: &str) -> Self {
        let mut pieces = Vec::new();
        let mut characters = value.chars();
        while let Some(character) = characters.next() {
            pieces.push(match character {
                '*' => Piece::AnyRun,
                '?' => Piece::AnyOne,
                '\\' => Piece::One(characters.next().unwrap_or('\\')),
                other => Piece::One(other),
            });
        }
        let literal: Option<String> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::One(character) => Some(*character),
                Piece::AnyOne | Piece::AnyRun => None,
            })
            .collect();
        literal.map_or(Self::Glob(pieces), Self::Literal)
    }

    pub(crate) fn matches(&self, value: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == value,
            Self::Glob(pieces) => glob(pieces, value),
        }
    }
}

/// Walks both once; on a mismatch the latest `*` takes one character more, so
/// the cost is at most the product of both lengths.
fn glob(pieces: &[Piece], value: &str) -> bool {
    let mut rest = value.chars();
    let mut at = 0;
    let mut latest_run = None;
    loop {
        let mut ahead = rest.clone();
        let next = ahead.next();
        match (pieces.get(at), next) {
            (Some(Piece::AnyRun), _) => {
                at += 1;
                latest_run = Some((at, rest.clone()));
                continue;
            }
            (None, None) => return true,
            (Some(Piece::AnyOne), Some(_)) => {
                (at, rest) = (at + 1, ahead);
                continue;
            }
            (Some(Piece::One(wanted)), Some(found)) if *wanted == found => {
                (at, rest) = (at + 1, ahead);
                continue;
            }
            _ => {}
        }
        let Some((after_run, taken)) = &mut latest_run else {
            return false;
        };
        if taken.next().is_none() {
            return false;
        }
        (at, rest) = (*after_run, taken.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_escapes_and_case() {
        let cases = [
            ("web-1", "web-1", true),
            ("web-1", "Web-1", false),
            ("web-1", "web-10", false),
            ("web-*", "web-10", true),
            ("*", "", true),
            ("?", "", false),
            ("web-?", "web-1", true),
            ("web-?", "web-10", false),
            ("*a*b", "xaxxb", true),
            ("*a*b", "xaxxbc", false),
            ("*ab", "aab", true),
            ("a**b", "ab", true),
            (r"a\*b", "a*b", true),
            (r"a\*b", "axb", false),
            (r"\?", "?", true),
            (r"a\\b", r"a\b", true),
            ("ü?", "üß", true),
        ];
        for (pattern, value, expected) in cases {
            assert_eq!(
                Pattern::parse(pattern).matches(value),
                expected,
                "{pattern} against {value}"
            );
        }
    }
}
