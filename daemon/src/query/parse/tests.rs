//! What terms mean, and where a wrong one is wrong.

use aws_ssm_proto::domain::ErrorKind;

use super::*;
use crate::query::term::Network;

const NOW: i64 = 1_793_534_400;

fn test(typed: &str) -> Test {
    let term = term(typed, NOW).unwrap_or_else(|error| panic!("{typed}: {error:?}"));
    assert!(!term.excludes, "{typed}");
    term.test
}

fn part_of(value: &str) -> Pattern {
    Pattern::Contains(value.into())
}

fn equal(value: &str) -> Pattern {
    Pattern::Equal(value.into())
}

#[test]
fn a_comma_is_or_and_a_bang_excludes() {
    assert_eq!(
        test("name:Web,db"),
        Test::Text(SharedField::Name, vec![part_of("web"), part_of("db")])
    );
    let excluded = term("!state:stopped", NOW).expect("a term");
    assert!(excluded.excludes);
    assert_eq!(excluded.test, Test::State(vec![InstanceState::Stopped]));
    assert_eq!(test("\\!web"), Test::Word(vec![part_of("!web")]));
    assert_eq!(test("w!eb"), Test::Word(vec![part_of("w!eb")]));
}

#[test]
fn quotes_and_backslash_protect_spaces_commas_colons_and_globs() {
    for typed in [
        "\"a,b:c *?\"",
        "'a,b:c *?'",
        "a\\,b\\:c\\ \\*\\?",
        "a','b':'c\" *?\"",
    ] {
        assert_eq!(
            test(typed),
            Test::Word(vec![part_of("a,b:c *?")]),
            "{typed}"
        );
    }
    assert_eq!(test("\"it's\""), Test::Word(vec![part_of("it's")]));
    assert_eq!(
        test("name:'\\''"),
        Test::Text(SharedField::Name, vec![part_of("'")])
    );
    assert_eq!(
        test("name: web , ' db'"),
        Test::Text(SharedField::Name, vec![part_of("web"), part_of(" db")])
    );
    assert_eq!(test("my web"), Test::Word(vec![part_of("my web")]));
}

#[test]
fn a_key_says_how_its_values_match() {
    let web = || vec![part_of("web")];
    assert_eq!(test("id:web"), Test::Id(web()));
    assert_eq!(test("DNS:web"), Test::Dns(web()));
    let t3 = || vec![equal("t3")];
    assert_eq!(test("type:T3"), Test::Text(SharedField::Type, t3()));
    assert_eq!(test("zone:t3"), test("az:t3"));
    assert_eq!(test("sg:t3"), Test::Group(t3()));
    assert_eq!(test("region:t3"), Test::Region(t3()));
    let glob = [Piece::One('w'), Piece::AnyRun, Piece::AnyOne];
    assert_eq!(test("id:W*?"), Test::Id(vec![Pattern::Glob(glob.into())]));
}

#[test]
fn a_tags_key_ends_at_the_equals_sign_else_at_the_colon() {
    let tag = |key: &str, value: &str| Test::Tag(equal(key), vec![equal(value)]);
    assert_eq!(test("tag:Team=web"), tag("team", "web"));
    assert_eq!(test("tag:Team:web"), tag("team", "web"));
    assert_eq!(test("tag:aws:x=a:b=c"), tag("aws:x", "a:b=c"));
    assert_eq!(test("tag:Team:'a=b'"), tag("team", "a=b"));
    assert_eq!(test("tag:'a=b'=c"), tag("a=b", "c"));
    assert_eq!(test("tag:Team="), Test::Has(vec![equal("team")]));
    assert_eq!(test("tag:Team:"), Test::Has(vec![equal("team")]));
    assert_eq!(
        test("tag:Kosten Stelle=1,2"),
        Test::Tag(equal("kosten stelle"), vec![equal("1"), equal("2")])
    );
    assert_eq!(
        test("missing:a,b"),
        Test::Missing(vec![equal("a"), equal("b")])
    );
}

#[test]
fn addresses_are_whole_ones_globs_or_blocks_of_both_families() {
    let block = |typed: &str, bits| Network::Block(typed.parse().expect("an address"), bits);
    assert_eq!(
        test("ip:10.0.0.0/16,10.0.3.7"),
        Test::Address(
            Which::Any,
            vec![block("10.0.0.0", 16), block("10.0.3.7", 32)]
        )
    );
    assert_eq!(
        test("private-ip:2600:1F00::/24"),
        Test::Address(Which::Private, vec![block("2600:1f00::", 24)])
    );
    assert!(
        matches!(test("ip:10.0.*"), Test::Address(_, networks) if matches!(networks[0], Network::Glob(_)))
    );
    assert_eq!(
        test("2600:1f00::1"),
        Test::Word(vec![part_of("2600:1f00::1")])
    );
}

#[test]
fn a_block_holds_the_addresses_that_begin_as_it_does() {
    let has = |typed: &str, address: &str| match test(typed) {
        Test::Address(_, networks) => networks[0].has(address),
        other => panic!("{other:?}"),
    };
    for (typed, address) in [
        ("ip:10.0.0.0/16", "10.0.255.255"),
        ("ip:10.0.7.7/16", "10.0.0.1"),
        ("ip:'10.0.7.7/16'", "10.0.0.1"),
        ("ip:0.0.0.0/0", "255.255.255.255"),
        ("ip:10.0.3.7", "10.0.3.7"),
        ("ip:2600:1f00::/24", "2600:1fff::1"),
        ("ip:::/0", "2600::1"),
        ("ip:2600:0:0::1", "2600::1"),
    ] {
        assert!(has(typed, address), "{typed} {address}");
    }
    for (typed, address) in [
        ("ip:10.0.0.0/16", "10.1.0.0"),
        ("ip:10.0.3.7", "10.0.3.70"),
        ("ip:0.0.0.0/0", "::1"),
        ("ip:::/0", "10.0.0.1"),
        ("ip:2600:1f00::/24", "2601:1f00::"),
        ("ip:10.0.0.0/8", ""),
    ] {
        assert!(!has(typed, address), "{typed} {address}");
    }
}

#[test]
fn states_and_agents_are_words_that_exist() {
    use InstanceState::{ShuttingDown, Stopped, Stopping};
    assert_eq!(test("state:STOP*"), Test::State(vec![Stopping, Stopped]));
    assert_eq!(test("state:shutting-down"), Test::State(vec![ShuttingDown]));
    assert_eq!(
        test("ssm:online,lost"),
        Test::Agent(vec![AgentStatus::Online, AgentStatus::ConnectionLost])
    );
}

#[test]
fn a_mistake_is_told_with_its_column_and_what_to_do() {
    for (typed, column, words) in [
        ("", 1, "nothing to look for"),
        ("!", 2, "nothing to look for"),
        ("!!web", 2, "already"),
        ("nmae:web", 1, "did you mean name:web?"),
        ("!stat:web", 2, "did you mean state:web?"),
        ("team:web", 1, "tag:team=web"),
        (":web", 1, "no key"),
        ("name:", 6, "empty"),
        ("name:a,,b", 8, "empty"),
        ("name:,b", 6, "empty"),
        ("name:a,", 8, "empty"),
        ("name:\"\"", 8, "empty"),
        ("a,,b", 3, "empty"),
        ("tag:Team=\"\"", 12, "empty"),
        ("name:\"web", 6, "not closed"),
        ("o'brien", 2, "not closed"),
        ("web\\", 4, "protects nothing"),
        ("name:größe state:stopped", 12, "another term"),
        ("web state:stopped", 5, "another term"),
        ("web !state:stopped", 5, "another term"),
        ("ip:10.0", 4, "no address"),
        ("ip:10.0.0.1,10.0.0.0/33", 22, "0 to 32"),
        ("ip:10.0.0.0/", 13, "no length"),
        ("ip:10.0.0.0/+8", 13, "no length"),
        ("ip:2600::/129", 11, "0 to 128"),
        ("state:runing", 7, "did you mean running?"),
        ("state:z*", 7, "no state"),
        ("ssm:onlin", 5, "did you mean online?"),
        ("ssm:*", 5, "no agent status"),
        ("tag:Team", 9, "has:Team"),
        ("tag:=web", 5, "key is missing"),
        ("launched:7d", 10, ">7d"),
        ("launched:>7", 11, "no time"),
        ("up:>", 5, "time is missing"),
        ("up:<1d,>soon", 9, "no time"),
    ] {
        let error = term(typed, NOW).expect_err(typed);
        assert_eq!(error.kind, ErrorKind::Usage);
        let said = [&*error.what, &error.why, &error.hint];
        assert!(said.iter().all(|part| !part.is_empty()), "{error:?}");
        assert!(
            error.what.contains(&format!("column {column}:")),
            "{error:?}"
        );
        assert!(said.join(" ").contains(words), "{error:?}");
    }
}

#[test]
fn an_error_repeats_only_so_much_and_nothing_that_moves_a_cursor() {
    let error = term(&format!("x\u{1b}[2J{}:y", "z".repeat(5000)), NOW).expect_err("no key");
    let said = [error.what, error.why, error.hint].concat();
    assert!(said.len() < 1000, "{said}");
    assert!(!said.contains('\u{1b}'));
}
