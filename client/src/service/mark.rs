//! The line by which `install` knows its own files again, and sees whether somebody has
//! changed them since.

const BEFORE: &str = "Written by `aws-ssm daemon install`; checksum ";
const AFTER: &str = ".";

/// `text` with its mark in the line that says `@MARK@`.
pub(super) fn put(text: &str) -> String {
    let sum = checksum(lines(text).filter(|line| !line.contains("@MARK@")));
    text.replace("@MARK@", &format!("{BEFORE}{sum:016x}{AFTER}"))
}

/// Whether the mark of `text` is still that of the rest; `None`: it has none.
pub(super) fn holds(text: &str) -> Option<bool> {
    let marked = lines(text).find(|line| line.contains(BEFORE))?;
    let said = marked.split_once(BEFORE)?.1.get(..16)?;
    let said = u64::from_str_radix(said, 16).ok()?;
    Some(said == checksum(lines(text).filter(|line| *line != marked)))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
}

/// FNV-1a: it is told from a slip of the hand, not from an attack.
fn checksum<'a>(lines: impl Iterator<Item = &'a str>) -> u64 {
    lines
        .flat_map(str::bytes)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_holds_until_a_line_changes() {
        let text = put("# @MARK@\na=1\nb=2\n");
        assert_eq!(holds(&text), Some(true));
        assert_eq!(holds(&text.replace("a=1", "a=2")), Some(false));
        assert_eq!(holds(&format!("{text}c=3\n")), Some(false));
        assert_eq!(holds(&text.replace("b=2\n", "")), Some(false));
    }

    #[test]
    fn a_text_without_a_mark_or_with_half_of_one_is_not_ours() {
        assert_eq!(holds("a=1\n"), None);
        assert_eq!(holds(&format!("# {BEFORE}12\n")), None);
        assert_eq!(holds(&format!("# {BEFORE}ääääääää\n")), None);
    }
}
