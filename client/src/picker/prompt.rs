//! The line that is typed: a text and a place in it.

use super::key::Key;

/// Nobody types more; a pasted file ends here.
const LONGEST: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Prompt {
    text: String,
    /// In bytes, between two letters.
    at: usize,
}

impl Prompt {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What is left of the place.
    pub(super) fn before(&self) -> &str {
        &self.text[..self.at]
    }

    /// Does what a key does to a line; `false` if that is nothing.
    pub(super) fn press(&mut self, key: Key) -> bool {
        match key {
            Key::Letter(letter) => self.insert(letter),
            Key::Backspace => self.erase_from(self.left()),
            Key::EraseWord => self.erase_from(self.word()),
            Key::EraseAll => {
                self.text.clear();
                self.at = 0;
            }
            Key::Delete => {
                let end = self.right();
                self.text.replace_range(self.at..end, "");
            }
            Key::Left => self.at = self.left(),
            Key::Right => self.at = self.right(),
            Key::Home => self.at = 0,
            Key::End => self.at = self.text.len(),
            _ => return false,
        }
        true
    }

    fn insert(&mut self, letter: char) {
        if self.text.len() + letter.len_utf8() <= LONGEST {
            self.text.insert(self.at, letter);
            self.at += letter.len_utf8();
        }
    }

    fn erase_from(&mut self, start: usize) {
        self.text.replace_range(start..self.at, "");
        self.at = start;
    }

    fn left(&self) -> usize {
        let last = self.before().char_indices().next_back();
        last.map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        let first = self.text[self.at..].chars().next();
        self.at + first.map_or(0, char::len_utf8)
    }

    /// Where the word left of the place begins.
    fn word(&self) -> usize {
        let words = self.before().trim_end();
        let gap = words.char_indices().rev().find(|(_, c)| c.is_whitespace());
        gap.map_or(0, |(at, c)| at + c.len_utf8())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(prompt: &mut Prompt, text: &str) {
        for letter in text.chars() {
            assert!(prompt.press(Key::Letter(letter)));
        }
    }

    #[test]
    fn a_line_is_edited_between_its_letters() {
        let mut prompt = Prompt::default();
        typed(&mut prompt, "wéb");
        prompt.press(Key::Left);
        prompt.press(Key::Backspace);
        typed(&mut prompt, "e東");
        assert_eq!((prompt.text(), prompt.before()), ("we東b", "we東"));
        prompt.press(Key::Home);
        prompt.press(Key::Delete);
        assert_eq!(prompt.text(), "e東b");
        prompt.press(Key::End);
        prompt.press(Key::Right);
        prompt.press(Key::Delete);
        assert_eq!(prompt.before(), "e東b");
    }

    #[test]
    fn words_are_erased_from_the_place_backwards() {
        let mut prompt = Prompt::default();
        typed(&mut prompt, "web  state:stopped ");
        prompt.press(Key::EraseWord);
        assert_eq!(prompt.text(), "web  ");
        prompt.press(Key::EraseWord);
        prompt.press(Key::EraseWord);
        assert_eq!(prompt.text(), "");
        typed(&mut prompt, "ab");
        prompt.press(Key::Left);
        prompt.press(Key::EraseWord);
        assert_eq!(prompt.text(), "b");
        prompt.press(Key::EraseAll);
        assert_eq!((prompt.text(), prompt.before()), ("", ""));
    }

    #[test]
    fn a_line_has_an_end() {
        let mut prompt = Prompt::default();
        typed(&mut prompt, &"東".repeat(LONGEST));
        assert!(prompt.text().len() <= LONGEST);
        assert!(!prompt.press(Key::Enter));
    }
}
