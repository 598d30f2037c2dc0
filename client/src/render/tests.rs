//! What every format makes of the same rows.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use aws_ssm_proto::domain::{Column, InstanceRef};
use aws_ssm_proto::wire::row::{self, field, put_number, put_pair, put_str};

use super::instance::{InstanceRow, asked_columns, default_columns, fields};
use super::sheet::{Document, Sheet};
use super::sink::Sink;
use super::terminal::ELLIPSIS;
use super::*;

/// 2026-11-23T17:00:00Z.
const NOW: i64 = 1_795_453_200;

const PLAIN: Look = Look {
    width: None,
    terminal: false,
    colours: false,
    header: true,
    ellipsis: ELLIPSIS,
};

const BARE: Look = Look {
    header: false,
    ..PLAIN
};

fn wide(width: usize) -> Look {
    Look {
        width: Some(width),
        terminal: true,
        ..PLAIN
    }
}

fn web() -> Vec<u8> {
    let mut out = Vec::new();
    put_str(&mut out, field::ID, "i-0123456789abcdef0");
    put_str(&mut out, field::NAME, "web-1");
    put_number(&mut out, field::STATE, 2);
    put_str(&mut out, field::TYPE, "t3.micro");
    put_str(&mut out, field::PRIVATE_IP, "10.0.0.1");
    put_str(&mut out, field::AZ, "eu-west-1a");
    put_number(&mut out, field::SSM, 1);
    put_pair(&mut out, field::SECURITY_GROUPS, "sg-1", "web");
    put_pair(&mut out, field::SECURITY_GROUPS, "sg-2", "ssh");
    put_number(&mut out, field::LAUNCHED, (NOW - 266_400) as u64);
    put_pair(&mut out, field::TAGS, "Name", "web-1");
    put_pair(&mut out, field::TAGS, "Team", "a,\"b\"");
    out
}

/// Nothing of it is known but what a stranger put into its name.
fn hostile() -> Vec<u8> {
    let mut out = Vec::new();
    put_str(&mut out, field::ID, "i-0fedcba9876543210");
    put_str(&mut out, field::NAME, "東京\u{1b}[31m\tx\ny\u{9b}");
    put_number(&mut out, field::STATE, 6);
    out
}

fn instance(encoded: &[u8]) -> InstanceRef<'_> {
    row::read(encoded).expect("a row")
}

fn columns(names: &[&str]) -> Vec<Column> {
    let column = |name: &&str| Column::parse(name).expect("a column");
    names.iter().map(column).collect()
}

/// What is printed for these rows, and which columns there was no room for.
fn printed(
    format: Format,
    look: Look,
    columns: &[Column],
    rows: &[Vec<u8>],
) -> (String, Vec<String>) {
    let mut printer = Printer::new(format, fields(columns), look);
    let mut sink = Sink::new(Box::new(io::sink()));
    let rows = rows.iter().map(|encoded| InstanceRow {
        columns,
        instance: instance(encoded),
        now: NOW,
    });
    printer.print(sink.buffer(), rows);
    let omitted = printer.end(&mut sink).expect("fits the buffer");
    let text = String::from_utf8(std::mem::take(sink.buffer())).expect("text");
    (text, omitted)
}

fn standard(format: Format, look: Look) -> String {
    printed(format, look, &default_columns(format), &[web(), hostile()]).0
}

#[test]
fn a_table_is_aligned_and_steers_nothing() {
    assert_eq!(
        standard(Format::Table, PLAIN),
        "\
NAME                        ID                   STATE    TYPE      PRIVATE-IP  AZ          SSM
web-1                       i-0123456789abcdef0  running  t3.micro  10.0.0.1    eu-west-1a  online
東京\\u{1b}[31m\\tx\\ny\\u{9b}  i-0fedcba9876543210  stopped  -         -           -           …
"
    );
}

#[test]
fn a_table_fits_its_terminal() {
    let (table, omitted) = printed(
        Format::Table,
        wide(66),
        &Column::DEFAULT,
        &[web(), hostile()],
    );
    assert_eq!(
        table,
        "\
NAME   ID                   STATE  TYPE   PRIVATE-IP  AZ     SSM
web-1  i-0123456789abcdef0  runn…  t3.m…  10.0.0.1    eu-w…  onli…
東京…  i-0fedcba9876543210  stop…  -      -           -      …
"
    );
    assert!(omitted.is_empty());
    for line in table.lines() {
        assert!(escape::width(line) <= 66, "{line}");
    }
}

#[test]
fn without_unicode_what_is_left_out_has_three_dots() {
    let dots = |width| Look {
        ellipsis: "...",
        ..wide(width)
    };
    let asked = [web(), hostile()];
    let (table, _) = printed(Format::Table, dots(66), &Column::DEFAULT, &asked);
    assert!(
        table.lines().all(|line| escape::width(line) <= 66),
        "{table}"
    );
    assert!(!table.contains('…') && table.contains("..."), "{table}");
    assert!(table.ends_with("...\n"), "{table}");
    let (table, _) = printed(Format::Table, dots(4), &columns(&["type"]), &[web()]);
    assert_eq!(table, "TYPE\nt...\n");
}

#[test]
fn twenty_columns_leave_room_for_whole_ids_only() {
    let (table, omitted) = printed(Format::Table, wide(20), &Column::DEFAULT, &[web()]);
    assert_eq!(table, "ID\ni-0123456789abcdef0\n");
    assert_eq!(
        omitted,
        ["name", "state", "type", "private-ip", "az", "ssm"]
    );
}

#[test]
fn a_wide_name_is_cut_between_its_characters() {
    let (table, _) = printed(Format::Table, wide(8), &columns(&["name"]), &[hostile()]);
    assert_eq!(table, "NAME\n東京\\u{…\n");
    let (table, _) = printed(Format::Table, wide(4), &columns(&["name"]), &[hostile()]);
    assert_eq!(table, "NAME\n東…\n");
}

#[test]
fn a_table_without_rows_is_empty() {
    assert_eq!(printed(Format::Table, PLAIN, &Column::DEFAULT, &[]).0, "");
}

#[test]
fn colours_surround_words_and_leave_the_text_alone() {
    let look = Look {
        colours: true,
        ..PLAIN
    };
    let (table, _) = printed(Format::Table, look, &columns(&["state", "id"]), &[web()]);
    assert_eq!(
        table,
        "\u{1b}[1mSTATE\u{1b}[0m    \u{1b}[1mID\u{1b}[0m\n\
         \u{1b}[32mrunning\u{1b}[0m  i-0123456789abcdef0\n"
    );
}

#[test]
fn json_is_one_array_of_every_field() {
    assert_eq!(
        standard(Format::Json, PLAIN),
        concat!(
            "[\n",
            r#"{"name":"web-1","id":"i-0123456789abcdef0","state":"running","type":"t3.micro","#,
            r#""private_ip":"10.0.0.1","az":"eu-west-1a","ssm":"online","public_ip":null,"#,
            r#""private_dns":null,"public_dns":null,"vpc":null,"subnet":null,"#,
            r#""security_groups":[{"id":"sg-1","name":"web"},{"id":"sg-2","name":"ssh"}],"#,
            r#""image":null,"platform":null,"arch":null,"lifecycle":null,"#,
            r#""launched":"2026-11-20T15:00:00Z","key":null,"profile":null,"account":null,"#,
            r#""region":null,"agent":null,"agent_version":null,"#,
            r#""tags":{"Name":"web-1","Team":"a,\"b\""}},"#,
            "\n",
            r#"{"name":"東京\u001b[31m\tx\ny\u009b","id":"i-0fedcba9876543210","#,
            r#""state":"stopped","type":null,"private_ip":null,"az":null,"ssm":null,"#,
            r#""public_ip":null,"private_dns":null,"public_dns":null,"vpc":null,"subnet":null,"#,
            r#""security_groups":[],"image":null,"platform":null,"arch":null,"lifecycle":null,"#,
            r#""launched":null,"key":null,"profile":null,"account":null,"region":null,"#,
            r#""agent":null,"agent_version":null,"tags":{}}"#,
            "\n]\n"
        )
    );
}

#[test]
fn json_reads_back() {
    let text = standard(Format::Json, PLAIN);
    let rows: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(rows[1]["name"], "東京\u{1b}[31m\tx\ny\u{9b}");
    assert_eq!(rows[0]["tags"]["Team"], "a,\"b\"");
}

#[test]
fn named_columns_are_the_only_fields() {
    let chosen = columns(&["id", "tag:Team", "tag:None", "age", "sg"]);
    let (text, _) = printed(Format::Jsonl, PLAIN, &chosen, &[web()]);
    assert_eq!(
        text,
        concat!(
            r#"{"id":"i-0123456789abcdef0","tag:Team":"a,\"b\"","tag:None":null,"#,
            r#""age_seconds":266400,"security_groups":[{"id":"sg-1","name":"web"},"#,
            r#"{"id":"sg-2","name":"ssh"}]}"#,
            "\n"
        )
    );
}

#[test]
fn no_rows_are_still_an_answer() {
    let nothing = |format, look| printed(format, look, &Column::DEFAULT, &[]).0;
    assert_eq!(nothing(Format::Json, PLAIN), "[]\n");
    assert_eq!(nothing(Format::Yaml, PLAIN), "[]\n");
    assert_eq!(nothing(Format::Jsonl, PLAIN), "");
    assert_eq!(nothing(Format::Ids, PLAIN), "");
    assert_eq!(
        nothing(Format::Csv, PLAIN),
        "name,id,state,type,private_ip,az,ssm\n"
    );
    assert_eq!(nothing(Format::Csv, BARE), "");
}

#[test]
fn meta_surrounds_the_rows() {
    let mut sink = Sink::new(Box::new(io::sink()));
    let meta = Meta {
        fetched_at: Some(NOW),
        stale: true,
        cut: false,
        errors: vec![(
            Some("us-east-1".into()),
            Error::new(aws_ssm_proto::domain::ErrorKind::Permission, "no").why("policy"),
        )],
    };
    sink.buffer().extend_from_slice(b"[]\n");
    Printer::wrap(sink.buffer(), &meta, "rows");
    assert_eq!(
        String::from_utf8_lossy(sink.buffer()),
        concat!(
            r#"{"fetched_at":"2026-11-23T17:00:00Z","stale":true,"cut":false,"errors":["#,
            r#"{"region":"us-east-1","kind":"permission","what":"no","why":"policy","hint":""}],"#,
            r#""rows":[]}"#,
            "\n"
        )
    );
}

#[test]
fn yaml_is_one_list() {
    let chosen = columns(&["name", "state", "ssm", "tags", "sg"]);
    let (text, _) = printed(Format::Yaml, PLAIN, &chosen, &[web(), hostile()]);
    assert_eq!(
        text,
        "\
- name: web-1
  state: running
  ssm: online
  tags:
    Name: web-1
    Team: a,\"b\"
  security_groups:
  - id: sg-1
    name: web
  - id: sg-2
    name: ssh
- name: \"東京\\e[31m\\tx\\ny\\x9B\"
  state: stopped
  ssm: null
  tags: {}
  security_groups: []
"
    );
}

#[test]
fn csv_quotes_what_must_be_quoted() {
    let chosen = columns(&["id", "tag:Team", "tags", "sg", "launched", "ssm"]);
    let (text, _) = printed(Format::Csv, PLAIN, &chosen, &[web()]);
    assert_eq!(
        text,
        "id,tag:Team,tags,security_groups,launched,ssm\n\
         i-0123456789abcdef0,\"a,\"\"b\"\"\",\"Name=web-1,Team=a,\"\"b\"\"\",\"sg-1,sg-2\",\
         2026-11-20T15:00:00Z,online\n"
    );
}

#[test]
fn csv_keeps_every_byte_except_for_a_terminal() {
    let name = columns(&["name"]);
    let (piped, _) = printed(Format::Csv, BARE, &name, &[hostile()]);
    assert_eq!(piped, "\"東京\u{1b}[31m\tx\ny\u{9b}\"\n");
    let seen = Look {
        terminal: true,
        ..BARE
    };
    let (seen, _) = printed(Format::Csv, seen, &name, &[hostile()]);
    assert_eq!(seen, "東京\\u{1b}[31m\\tx\\ny\\u{9b}\n");
}

#[test]
fn tsv_is_one_line_for_each_row() {
    let chosen = columns(&["id", "name", "type", "ssm"]);
    let (text, _) = printed(Format::Tsv, PLAIN, &chosen, &[web(), hostile()]);
    assert_eq!(
        text,
        "id\tname\ttype\tssm\n\
         i-0123456789abcdef0\tweb-1\tt3.micro\tonline\n\
         i-0fedcba9876543210\t東京\\u{1b}[31m\\tx\\ny\\u{9b}\t\t\n"
    );
}

#[test]
fn ids_are_bare() {
    assert_eq!(
        standard(Format::Ids, PLAIN),
        "i-0123456789abcdef0\ni-0fedcba9876543210\n"
    );
}

#[test]
fn everything_but_ages_is_asked_for_as_it_is_shown() {
    let asked = asked_columns(&default_columns(Format::Json));
    assert!(asked.contains(&Column::Tags) && !asked.contains(&Column::Age));
    assert_eq!(asked_columns(&default_columns(Format::Ids)), [Column::Id]);
}

fn sheet() -> Sheet<'static> {
    Sheet::list(
        vec![Field::named("call"), Field::named("size").key("bytes")],
        vec![
            vec![Value::Text("a"), Value::Size(2048)],
            vec![Value::Text("long"), Value::Size(9)],
        ],
    )
}

fn single() -> Sheet<'static> {
    Sheet::single(vec![
        (Field::named("user-id"), Value::Text("AIDA")),
        (Field::named("hits"), Value::Number(7)),
    ])
}

fn sheet_text(print: impl FnOnce(&mut Sink) -> io::Result<Vec<String>>) -> String {
    let mut sink = Sink::new(Box::new(io::sink()));
    print(&mut sink).expect("fits the buffer");
    String::from_utf8(std::mem::take(sink.buffer())).expect("text")
}

#[test]
fn figures_are_aligned_at_their_ends() {
    let text = sheet_text(|sink| sheet().print(sink, Format::Table, PLAIN));
    assert_eq!(text, "CALL     SIZE\na     2.0 KiB\nlong      9 B\n");
}

#[test]
fn a_column_of_nothing_but_gaps_is_no_column_of_figures() {
    let rows = vec![vec![Value::Absent, Value::Pending, Value::Number(1)]];
    let sheet = Sheet::list(["name", "ssm", "hits"].map(Field::named).into(), rows);
    let text = sheet_text(|sink| sheet.print(sink, Format::Table, PLAIN));
    assert_eq!(text, "NAME  SSM  HITS\n-     …       1\n");
}

#[test]
fn one_thing_is_a_page_to_people_and_an_object_to_programs() {
    let text = |format| sheet_text(|sink| single().print(sink, format, PLAIN));
    assert_eq!(text(Format::Table), "user-id  AIDA\nhits     7\n");
    assert_eq!(text(Format::Json), "{\"user_id\":\"AIDA\",\"hits\":7}\n");
    assert_eq!(text(Format::Yaml), "user_id: AIDA\nhits: 7\n");
    assert_eq!(text(Format::Csv), "user_id,hits\nAIDA,7\n");
}

#[test]
fn a_sheet_shows_the_columns_that_are_named() {
    let chosen = sheet().select(&["size".into()]).expect("a column");
    let text = sheet_text(|sink| chosen.print(sink, Format::Jsonl, PLAIN));
    assert_eq!(text, "{\"bytes\":2048}\n{\"bytes\":9}\n");
    let error = sheet().select(&["sise".into()]).expect_err("no column");
    assert_eq!(error.hint, "did you mean size?");
}

#[test]
fn a_document_holds_its_sheets_by_name() {
    let document = Document(vec![("summary", single()), ("calls", sheet())]);
    let text = |format| sheet_text(|sink| document.print(sink, format, PLAIN));
    assert_eq!(
        text(Format::Table),
        "summary\n  user-id  AIDA\n  hits     7\n\ncalls\n\
         CALL     SIZE\na     2.0 KiB\nlong      9 B\n"
    );
    assert_eq!(
        text(Format::Json),
        "{\"summary\":{\"user_id\":\"AIDA\",\"hits\":7},\
         \"calls\":[{\"call\":\"a\",\"bytes\":2048},{\"call\":\"long\",\"bytes\":9}]}\n"
    );
    assert_eq!(
        text(Format::Csv),
        "section,subject,figure,value\nsummary,,user_id,AIDA\nsummary,,hits,7\n\
         calls,a,bytes,2048\ncalls,long,bytes,9\n"
    );
}

#[derive(Clone, Default)]
struct Target(Arc<Mutex<Vec<usize>>>);

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").push(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_long_table_is_written_in_parts() {
    let target = Target::default();
    let mut sink = Sink::new(Box::new(target.clone()));
    let mut printer = Printer::new(Format::Table, fields(&Column::DEFAULT), PLAIN);
    let encoded = web();
    let rows = std::iter::repeat_n((), 3000).map(|()| InstanceRow {
        columns: &Column::DEFAULT,
        instance: instance(&encoded),
        now: NOW,
    });
    printer.print(sink.buffer(), rows);
    printer.end(&mut sink).expect("written");
    sink.flush().expect("written");
    let parts = target.0.lock().expect("not poisoned");
    assert!(parts.len() > 2, "{parts:?}");
    assert!(parts.iter().all(|part| *part < 80 << 10), "{parts:?}");
}
