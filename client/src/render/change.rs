//! Instances as they come, change and go: a line for each, for people or for programs.
//!
//! What is kept of an instance is the text of its cells, as this prints them, so that
//! what makes no difference in print is no change. The order in which AWS gives tags
//! and groups is none.

use std::collections::BTreeMap;

use aws_ssm_proto::domain::{Column, InstanceRef};

use super::colour::{self, Tone};
use super::instance::{InstanceRow, fields};
use super::time::Calendar;
use super::{Field, Look, Row, Value, json};

/// No cell has one: JSON on one line escapes it, and so does text for people.
const SEPARATOR: char = '\n';

/// The cells of an instance, as text; one that nobody knows yet has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cells(Box<str>);

impl Cells {
    /// Of these texts.
    #[must_use]
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut joined = String::new();
        for (place, text) in texts.into_iter().enumerate() {
            if place > 0 {
                joined.push(SEPARATOR);
            }
            joined.push_str(text);
        }
        Self(joined.into())
    }

    /// The text of each.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(SEPARATOR)
    }

    /// The same, with those of `others` in place of those that nobody knows.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        let pairs = self.iter().zip(others.iter());
        Self::of(pairs.map(|(cell, other)| if cell.is_empty() { other } else { cell }))
    }

    fn get(&self, place: usize) -> &str {
        self.iter().nth(place).unwrap_or_default()
    }
}

/// A cell that has another text than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which one.
    pub place: usize,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
}

/// What is told of an instance.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// It was there from the first.
    Present,
    /// It has appeared, or begun to match.
    Added,
    /// It has gone, or does not match any more.
    Removed,
    /// These cells are others.
    Changed(&'a [Difference]),
}

impl Change<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed(_) => "changed",
        }
    }

    fn mark(&self) -> (&'static str, Tone) {
        match self {
            Self::Present => ("=", Tone::Plain),
            Self::Added => ("+", Tone::Good),
            Self::Removed => ("-", Tone::Bad),
            Self::Changed(_) => ("~", Tone::Warning),
        }
    }
}

/// What every instance is known by, whatever columns were chosen.
const KNOWN_BY: [Column; 4] = [Column::Name, Column::Id, Column::State, Column::Region];

/// Writes the lines.
#[derive(Debug)]
pub struct Changes {
    columns: Vec<Column>,
    fields: Vec<Field>,
    /// How many of the columns were chosen; the others follow.
    chosen: usize,
    for_programs: bool,
    colours: bool,
    ellipsis: &'static str,
    calendar: Calendar,
}

impl Changes {
    /// Of instances of which these columns were chosen.
    #[must_use]
    pub fn new(chosen: &[Column], for_programs: bool, look: &Look) -> Self {
        let mut columns = chosen.to_vec();
        let others = KNOWN_BY
            .into_iter()
            .filter(|column| !chosen.contains(column));
        columns.extend(others);
        Self {
            fields: fields(&columns),
            chosen: chosen.len(),
            columns,
            for_programs,
            colours: look.colours,
            ellipsis: look.ellipsis,
            calendar: Calendar::default(),
        }
    }

    /// The columns that a cell is made for: those that were chosen, and what every
    /// instance is known by.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many of them were chosen; they come first.
    #[must_use]
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// The cells of an instance, at this time.
    pub fn cells(&mut self, instance: InstanceRef<'_>, now: i64) -> Cells {
        let row = InstanceRow {
            columns: &self.columns,
            instance,
            now,
        };
        let mut out = Vec::with_capacity(32 * self.columns.len());
        for place in 0..self.columns.len() {
            if place > 0 {
                out.push(SEPARATOR as u8);
            }
            let value = row.value(place);
            put(&mut out, &value, self.for_programs, &mut self.calendar);
        }
        Cells(String::from_utf8(out).expect("cells are text").into())
    }

    /// Appends the line that tells of a change at this time.
    pub fn write(&mut self, out: &mut Vec<u8>, at: i64, change: Change<'_>, cells: &Cells) {
        match self.for_programs {
            true => self.write_object(out, at, change, cells),
            false => self.write_words(out, at, change, cells),
        }
        out.push(b'\n');
    }

    fn write_object(&mut self, out: &mut Vec<u8>, at: i64, change: Change<'_>, cells: &Cells) {
        out.extend_from_slice(b"{\"at\":");
        json::write(out, &self.calendar.text(at));
        out.extend_from_slice(b",\"change\":");
        json::write(out, &change.name());
        out.extend_from_slice(b",\"fields\":");
        let differences = match change {
            Change::Changed(differences) => differences,
            _ => &[],
        };
        let pairs = differences.iter().map(|difference| {
            let pair = format!("[{},{}]", difference.before, difference.after);
            (&*self.fields[difference.place].key, pair)
        });
        put_object(out, pairs);
        out.extend_from_slice(b",\"instance\":");
        let cells = self.fields.iter().zip(cells.iter());
        let known = |cell: &str| if cell.is_empty() { "null" } else { cell }.to_owned();
        put_object(out, cells.map(|(field, cell)| (&*field.key, known(cell))));
        out.push(b'}');
    }

    fn write_words(&mut self, out: &mut Vec<u8>, at: i64, change: Change<'_>, cells: &Cells) {
        let (mark, tone) = change.mark();
        colour::push(out, self.colours, tone, mark.as_bytes());
        out.push(b' ');
        self.calendar.push(out, at);
        let mut word = |text: &str| {
            out.extend_from_slice(b"  ");
            let text = if text.is_empty() { self.ellipsis } else { text };
            out.extend_from_slice(text.as_bytes());
        };
        let Change::Changed(differences) = change else {
            if self.place(&Column::Id) >= self.chosen {
                word(cells.get(self.place(&Column::Id)));
            }
            return cells.iter().take(self.chosen).for_each(word);
        };
        for column in [Column::Name, Column::Id] {
            word(cells.get(self.place(&column)));
        }
        let told = differences.iter().map(|difference| {
            let label = &self.fields[difference.place].label;
            format!("{label}: {} -> {}", difference.before, difference.after)
        });
        word(&told.collect::<Vec<_>>().join(", "));
    }

    fn place(&self, column: &Column) -> usize {
        let place = self.columns.iter().position(|known| known == column);
        place.expect("what an instance is known by is always among them")
    }
}

fn put(out: &mut Vec<u8>, value: &Value<'_>, for_programs: bool, calendar: &mut Calendar) {
    match value {
        Value::Pending => {}
        Value::Tags(row) if for_programs => {
            json::write(out, &row.tags().collect::<BTreeMap<_, _>>());
        }
        Value::Groups(row) if for_programs => json::write(out, &json::sorted_groups(row)),
        Value::Tags(row) => {
            let tags = row.tags().map(|(key, value)| format!("{key}={value}"));
            put_sorted(out, tags.collect(), calendar);
        }
        Value::Groups(row) => {
            let groups = row.security_groups().map(|(id, _)| id.to_owned());
            put_sorted(out, groups.collect(), calendar);
        }
        value if for_programs => json::write(out, value),
        value => {
            value.show(out, calendar);
        }
    }
}

fn put_sorted(out: &mut Vec<u8>, mut texts: Vec<String>, calendar: &mut Calendar) {
    texts.sort_unstable();
    Value::Text(&texts.join(",")).show(out, calendar);
}

/// Appends an object of values that are JSON already.
fn put_object<'a>(out: &mut Vec<u8>, members: impl Iterator<Item = (&'a str, String)>) {
    out.push(b'{');
    for (place, (key, value)) in members.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        json::write(out, &key);
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use aws_ssm_proto::wire::row::{field, put_number, put_pair, put_str, read};

    use super::*;

    const AT: i64 = 1_700_000_000;
    const LOOK: Look = Look {
        width: None,
        terminal: false,
        colours: false,
        header: true,
        ellipsis: "...",
    };

    /// The line for a small instance.
    fn line(changes: &mut Changes, change: Change<'_>) -> String {
        let mut instance = Vec::new();
        put_str(&mut instance, field::ID, "i-1");
        put_str(&mut instance, field::NAME, "web\n1");
        put_str(&mut instance, field::REGION, "eu-west-1");
        put_number(&mut instance, field::STATE, 2);
        let cells = changes.cells(read(&instance).expect("a row"), AT);
        let mut out = Vec::new();
        changes.write(&mut out, AT, change, &cells);
        String::from_utf8(out).expect("text")
    }

    fn difference(place: usize, before: &str, after: &str) -> Difference {
        Difference {
            place,
            before: before.into(),
            after: after.into(),
        }
    }

    #[test]
    fn people_get_a_mark_the_time_and_words_on_one_line() {
        let mut changes = Changes::new(&[Column::State, Column::Ssm], false, &LOOK);
        assert_eq!(
            line(&mut changes, Change::Added),
            "+ 2023-11-14T22:13:20Z  i-1  running  ...\n"
        );
        assert_eq!(
            line(&mut changes, Change::Removed),
            "- 2023-11-14T22:13:20Z  i-1  running  ...\n"
        );
        let differences = [
            difference(0, "pending", "running"),
            difference(1, "none", "online"),
        ];
        assert_eq!(
            line(&mut changes, Change::Changed(&differences)),
            "~ 2023-11-14T22:13:20Z  web\\n1  i-1  state: pending -> running, \
             ssm: none -> online\n"
        );
    }

    #[test]
    fn only_the_mark_is_coloured() {
        let look = Look {
            colours: true,
            ..LOOK
        };
        let mut changes = Changes::new(&[Column::Id], false, &look);
        let line = line(&mut changes, Change::Removed);
        assert_eq!(line, "\u{1b}[31m-\u{1b}[0m 2023-11-14T22:13:20Z  i-1\n");
    }

    #[test]
    fn programs_get_an_object_with_the_same_members_for_every_change() {
        let mut changes = Changes::new(&[Column::Ssm, Column::Tags], true, &LOOK);
        let differences = [difference(2, "\"web\"", "\"web\\n1\"")];
        for (change, name, fields) in [
            (Change::Present, "present", "{}"),
            (Change::Added, "added", "{}"),
            (Change::Removed, "removed", "{}"),
            (
                Change::Changed(&differences),
                "changed",
                r#"{"name":["web","web\n1"]}"#,
            ),
        ] {
            assert_eq!(
                line(&mut changes, change),
                format!(
                    "{{\"at\":\"2023-11-14T22:13:20Z\",\"change\":\"{name}\",\
                     \"fields\":{fields},\"instance\":{{\"ssm\":null,\"tags\":{{}},\
                     \"name\":\"web\\n1\",\"id\":\"i-1\",\"state\":\"running\",\
                     \"region\":\"eu-west-1\"}}}}\n"
                )
            );
        }
    }

    #[test]
    fn the_order_of_tags_and_groups_is_no_difference() {
        let encode = |pairs: [(&str, &str); 2]| {
            let mut out = Vec::new();
            for (first, second) in pairs {
                put_pair(&mut out, field::TAGS, first, second);
                put_pair(&mut out, field::SECURITY_GROUPS, first, second);
            }
            out
        };
        let (one, other) = (("a", "1"), ("b", "2"));
        let orders = [encode([one, other]), encode([other, one])];
        for for_programs in [true, false] {
            let columns = [Column::Tags, Column::SecurityGroups];
            let mut changes = Changes::new(&columns, for_programs, &LOOK);
            let cells = orders.each_ref().map(|order| {
                let row = read(order).expect("a row");
                changes.cells(row, AT)
            });
            assert_eq!(cells[0], cells[1]);
            assert!(
                cells[0]
                    .iter()
                    .next()
                    .is_some_and(|tags| tags.contains('2'))
            );
        }
    }
}
