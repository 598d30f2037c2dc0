//! How wide the columns of a table are. Pure numbers: no text is seen here.

/// Blanks between two columns.
pub(super) const GAP: usize = 2;

/// One column before it is laid out, in columns of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// What its longest cell takes.
    pub content: usize,
    /// What its name takes; it never gets less.
    pub header: usize,
    /// It gets what it wishes, or is left out.
    pub whole: bool,
}

impl Wish {
    fn natural(self) -> usize {
        self.content.max(self.header)
    }
}

/// The widths of the columns, `None` for those that are left out.
///
/// The widest columns give way first, down to their names. When even that is not
/// narrow enough, columns are left out from the right; a column that must stay
/// whole goes last, and the first of those never.
pub(super) fn fit(wishes: &[Wish], room: usize) -> Vec<Option<usize>> {
    let mut shown: Vec<bool> = vec![true; wishes.len()];
    while least(wishes, &shown) > room {
        let Some(victim) = victim(wishes, &shown) else {
            break;
        };
        shown[victim] = false;
    }
    let mut widths: Vec<Option<usize>> = wishes
        .iter()
        .zip(&shown)
        .map(|(wish, shown)| shown.then(|| wish.natural()))
        .collect();
    let excess = total(widths.iter().flatten().copied()).saturating_sub(room);
    shrink(&mut widths, wishes, excess);
    widths
}

/// The table's width when every column gets what it wishes.
pub(super) fn natural(wishes: &[Wish]) -> usize {
    total(wishes.iter().map(|wish| wish.natural()))
}

/// The table's width when every column that can give way has.
fn least(wishes: &[Wish], shown: &[bool]) -> usize {
    let shown = wishes.iter().zip(shown).filter(|(_, shown)| **shown);
    total(shown.map(|(wish, _)| match wish.whole {
        true => wish.natural(),
        false => wish.header,
    }))
}

fn total(widths: impl Iterator<Item = usize>) -> usize {
    widths
        .map(|width| width + GAP)
        .sum::<usize>()
        .saturating_sub(GAP)
}

fn victim(wishes: &[Wish], shown: &[bool]) -> Option<usize> {
    let remaining = |i: &usize| shown[*i];
    let all = 0..wishes.len();
    if all.clone().filter(remaining).count() <= 1 {
        return None;
    }
    let soft = all
        .clone()
        .rev()
        .filter(remaining)
        .find(|i| !wishes[*i].whole);
    soft.or_else(|| all.rev().find(remaining))
}

/// Takes `excess` from the widest columns, so that they end equally wide.
fn shrink(widths: &mut [Option<usize>], wishes: &[Wish], mut excess: usize) {
    while excess > 0 {
        let widest = (0..wishes.len())
            .filter(|i| !wishes[*i].whole && widths[*i] > Some(wishes[*i].header))
            // Of equals the last, so that the first columns stay readable.
            .max_by_key(|i| widths[*i]);
        let Some(width) = widest.and_then(|i| widths[i].as_mut()) else {
            return;
        };
        *width -= 1;
        excess -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn soft(content: usize, header: usize) -> Wish {
        Wish {
            content,
            header,
            whole: false,
        }
    }

    const fn whole(content: usize) -> Wish {
        Wish {
            content,
            header: 2,
            whole: true,
        }
    }

    #[test]
    fn with_room_every_column_gets_what_it_wishes() {
        assert_eq!(fit(&[soft(5, 4), soft(2, 6)], 13), [Some(5), Some(6)]);
    }

    #[test]
    fn the_widest_give_way_first() {
        assert_eq!(
            fit(&[soft(30, 4), whole(19), soft(10, 2)], 45),
            [Some(12), Some(19), Some(10)]
        );
        assert_eq!(
            fit(&[soft(30, 4), whole(19), soft(20, 2)], 39),
            [Some(8), Some(19), Some(8)]
        );
    }

    #[test]
    fn no_column_gets_less_than_its_name_takes() {
        let widths = fit(&[soft(30, 10), soft(30, 4)], 16);
        assert_eq!(widths, [Some(10), Some(4)]);
    }

    #[test]
    fn what_still_has_no_room_is_left_out_from_the_right() {
        assert_eq!(
            fit(&[soft(30, 4), whole(19), soft(9, 5)], 26),
            [Some(5), Some(19), None]
        );
        assert_eq!(
            fit(&[soft(30, 4), whole(19), soft(9, 5)], 20),
            [None, Some(19), None]
        );
    }

    #[test]
    fn something_is_always_shown() {
        assert_eq!(fit(&[whole(19)], 5), [Some(19)]);
        assert_eq!(fit(&[soft(9, 4), soft(9, 4)], 0), [Some(4), None]);
        assert_eq!(fit(&[], 5), []);
    }
}
