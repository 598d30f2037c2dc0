//! What is on the screen after some keys, on terminals of several sizes.

use aws_ssm_proto::domain::{Error, ErrorKind};
use aws_ssm_proto::wire::row::{self, field, put_number, put_pair, put_str};

use super::fleet::Fleet;
use super::key::Key;
use super::state::Picker;
use super::view::{Size, View, Widths};
use crate::render::escape;

/// 2026-11-23T17:00:00Z.
const NOW: i64 = 1_795_453_200;

const STOPPED: u64 = 6;

fn encoded(id: &str, name: &str, state: u64, team: &str) -> Vec<u8> {
    let mut out = Vec::new();
    put_str(&mut out, field::ID, id);
    put_str(&mut out, field::NAME, name);
    put_number(&mut out, field::STATE, state);
    put_str(&mut out, field::TYPE, "t3.micro");
    put_str(&mut out, field::PRIVATE_IP, "10.0.0.1");
    put_str(&mut out, field::AZ, "eu-west-1a");
    put_number(&mut out, field::SSM, 1);
    put_number(&mut out, field::LAUNCHED, (NOW - 266_400) as u64);
    put_pair(&mut out, field::TAGS, "Name", name);
    put_pair(&mut out, field::TAGS, "Team", team);
    out
}

struct Scene {
    picker: Picker,
    view: View,
}

fn scene(many: bool) -> Scene {
    let mut fleet = Fleet::default();
    for (id, name, state, team) in [
        ("i-0123456789abcdef0", "db-1", 2, "storage"),
        (
            "i-0fedcba9876543210",
            "東京\u{1b}[2J",
            STOPPED,
            "storefront",
        ),
        ("i-00000000000000001", "web-1", 2, "storefront"),
    ] {
        fleet.push(&row::read(&encoded(id, name, state, team)).expect("a row"));
    }
    fleet.order();
    Scene {
        view: View {
            widths: Widths::new(&fleet),
            now: NOW,
        },
        picker: Picker::new(fleet, many, String::new()),
    }
}

impl Scene {
    fn typed(mut self, text: &str) -> Self {
        for letter in text.chars() {
            self.picker.press(Key::Letter(letter));
        }
        while self.picker.is_searching() {
            self.picker.search();
        }
        self
    }

    fn pressed(mut self, keys: &[Key]) -> Self {
        for key in keys {
            self.picker.press(*key);
        }
        self
    }

    /// Has the daemon answer what it is asked.
    fn answered(mut self, answer: Result<&[&str], Error>) -> Self {
        let question = self.picker.question().expect("a question");
        let answer = answer.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect());
        self.picker.answered(question, answer);
        self
    }

    fn lines(&mut self, columns: usize, rows: usize) -> Vec<String> {
        let frame = self.view.frame(&mut self.picker, Size { columns, rows });
        assert!(frame.cursor < columns.max(1), "{frame:?}");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let lines = frame.lines.iter().map(|line| text(line.write(false)));
        lines.map(|line| line.trim_end().to_owned()).collect()
    }

    fn shown(&mut self, columns: usize, rows: usize) -> String {
        self.lines(columns, rows).join("\n")
    }
}

#[test]
fn a_usual_terminal_has_the_preview_below() {
    assert_eq!(
        scene(true).shown(80, 24),
        "\
>
3/3
>  db-1           i-0123456789abcdef0  running  10.0.0.1  t3.micro  eu-west-1a
   web-1          i-00000000000000001  running  10.0.0.1  t3.micro  eu-west-1a
   東京\\u{1b}[2J  i-0fedcba9876543210  stopped  10.0.0.1  t3.micro  eu-west-1a









--------------------------------------------------------------------------------
db-1  i-0123456789abcdef0
state       running                         Team=storage
ssm         online
type        t3.micro
private-ip  10.0.0.1
az          eu-west-1a
launched    3d2h ago, 2026-11-20T15:00:00Z

enter picks  tab marks  esc leaves  ^U clears  key:value filters, as in state:s…"
    );
}

#[test]
fn a_wide_terminal_has_it_beside_the_list() {
    assert_eq!(
        scene(false).pressed(&[Key::Down]).shown(123, 8),
        "\
>
3/3
   db-1           i-0123456789abcdef0  running  10.0.0.1  t3.micro  eu-west-1a     | web-1  i-00000000000000001
>  web-1          i-00000000000000001  running  10.0.0.1  t3.micro  eu-west-1a     | state       running
   東京\\u{1b}[2J  i-0fedcba9876543210  stopped  10.0.0.1  t3.micro  eu-west-1a     | ssm         online
                                                                                   | type        t3.micro
                                                                                   | private-ip  10.0.0.1
enter picks  esc leaves  ^U clears  key:value filters, as in state:stopped"
    );
}

#[test]
fn a_small_terminal_still_has_a_list() {
    assert_eq!(
        scene(false).typed("web").shown(20, 5),
        "\
> web
1/3
>  web-1

"
    );
}

/// A column that does not fit is left out, and what has no name is told by its id.
#[test]
fn no_id_is_cut_and_no_row_is_nameless() {
    let mut scene = scene(false);
    let lines = scene.lines(40, 5);
    assert_eq!(lines[2], ">  db-1           i-0123456789abcdef0");
    assert_eq!(
        scene.lines(36, 5)[4],
        "   東京\\u{1b}[…  i-0fedcba9876543210"
    );
    let mut fleet = Fleet::default();
    let nameless = encoded("i-0123456789abcdef0", "", 2, "storage");
    fleet.push(&row::read(&nameless).expect("a row"));
    let view = View {
        widths: Widths::new(&fleet),
        now: NOW,
    };
    let picker = Picker::new(fleet, false, String::new());
    let mut scene = Scene { picker, view };
    assert_eq!(scene.lines(80, 5)[2].split_whitespace().nth(1), Some("-"));
    assert!(
        scene.lines(20, 5)[2].starts_with(">  i"),
        "{:?}",
        scene.lines(20, 5)
    );
}

/// A line too long would wrap, and one too many would move the whole screen up.
#[test]
fn nothing_is_ever_wider_or_higher_than_the_terminal() {
    let wrong = Error::new(ErrorKind::Usage, "a term is wrong")
        .why("why")
        .hint("hint");
    for columns in 1..130 {
        for rows in 1..40 {
            let mut scene = scene(true)
                .typed("stor tag:東京東京東京東京東京東京東京=x ")
                .answered(Err(wrong.clone()))
                .pressed(&[Key::Mark]);
            let lines = scene.lines(columns, rows);
            assert!(lines.len() <= rows, "{columns}x{rows}: {lines:?}");
            for line in lines {
                assert!(escape::width(&line) <= columns, "{columns}x{rows}: {line}");
            }
        }
    }
}

#[test]
fn what_is_typed_stays_in_sight() {
    let mut scene = scene(false).typed("web-1-and-more-and-more");
    assert!(scene.lines(20, 5)[0].ends_with("more-and-more"));
    let mut scene = scene.pressed(&[Key::Home]);
    assert!(scene.lines(20, 5)[0].starts_with("> web-1-and-more"));
}

#[test]
fn why_a_row_is_there_is_shown_where_there_is_room() {
    let mut scene = scene(false).typed("stfront");
    let lines = scene.lines(100, 8);
    assert_eq!(lines[1], "2/3");
    assert!(
        lines[2].contains("web-1") && lines[2].ends_with("Team=storefront"),
        "{lines:?}"
    );
}

#[test]
fn a_wrong_term_is_told_and_the_list_stays() {
    let wrong = Error::new(
        ErrorKind::Usage,
        "term `stat:x`, column 1: there is no key stat",
    )
    .why("there are many")
    .hint("did you mean state?");
    let mut scene = scene(false).typed("stat:x").answered(Err(wrong));
    let lines = scene.lines(80, 12);
    assert_eq!(lines[1], "3/3");
    assert!(lines[2].starts_with(">  db-1"));
    assert_eq!(
        lines[11],
        "term `stat:x`, column 1: there is no key stat; did you mean state?"
    );
    // Without much room it takes the place of the counts.
    assert_eq!(scene.lines(30, 5)[1], "term `stat:x`, column 1: ther…");
}

#[test]
fn a_term_leaves_what_the_daemon_says() {
    let mut scene = scene(true).typed("state:stopped");
    assert_eq!(scene.lines(80, 5)[1], "3/3 …");
    let mut scene = scene.answered(Ok(&["i-0fedcba9876543210"]));
    let lines = scene.lines(80, 5);
    assert_eq!(lines[1], "1/3");
    assert!(lines[2].contains("東京"), "{lines:?}");
}

#[test]
fn marks_and_remarks_are_counted_out() {
    let mut scene = scene(true).pressed(&[Key::Mark, Key::Mark]);
    scene.picker.remarks = "data is 5m12s old (refreshing)".to_owned();
    let lines = scene.lines(80, 6);
    assert_eq!(lines[1], "3/3  2 marked  data is 5m12s old (refreshing)");
    assert!(lines[2].starts_with(" * db-1"), "{lines:?}");
    assert!(lines[4].starts_with(">  東京"), "{lines:?}");
}

#[test]
fn what_was_found_is_coloured_only_where_colours_are_wanted() {
    let mut scene = scene(false).typed("web");
    let frame = scene.view.frame(
        &mut scene.picker,
        Size {
            columns: 80,
            rows: 5,
        },
    );
    let row = &frame.lines[2];
    assert!(!row.write(false).contains(&0x1b));
    let styled = String::from_utf8(row.write(true)).expect("text");
    let found = super::paint::FOUND;
    assert!(
        styled.contains(&format!("{found}web{found:#}")),
        "{styled:?}"
    );
}
