use std::io;

use aws_ssm_proto::domain::ErrorKind;
use aws_ssm_proto::wire::row::{self, field, put_number, put_pair, put_str};

use super::*;
use crate::render::escape;
use crate::render::interface::tests::web;
use crate::render::terminal::ELLIPSIS;

/// 2026-11-23T17:00:00Z.
const NOW: i64 = 1_795_453_200;

const PLAIN: Look = Look {
    width: None,
    terminal: false,
    colours: false,
    header: true,
    ellipsis: ELLIPSIS,
};

fn encoded() -> Vec<u8> {
    let mut out = Vec::new();
    put_str(&mut out, field::ID, "i-0123456789abcdef0");
    put_str(&mut out, field::NAME, "東京-web");
    put_number(&mut out, field::STATE, 2);
    put_str(&mut out, field::TYPE, "t3.micro");
    put_str(&mut out, field::PRIVATE_IP, "10.0.0.5");
    put_str(
        &mut out,
        field::PRIVATE_DNS,
        "ip-10-0-0-5.eu-west-1.compute.internal",
    );
    put_number(&mut out, field::SSM, 1);
    put_str(&mut out, field::AZ, "eu-west-1a");
    put_pair(&mut out, field::SECURITY_GROUPS, "sg-1", "web");
    put_number(&mut out, field::LAUNCHED, (NOW - 266_400) as u64);
    put_str(&mut out, field::REGION, "eu-west-1");
    put_number(&mut out, field::AGENT, (NOW - 61) as u64);
    put_str(&mut out, field::AGENT_VERSION, "3.3.1611.0");
    put_pair(&mut out, field::TAGS, "Name", "東京-web");
    put_pair(
        &mut out,
        field::TAGS,
        "Purpose",
        "serves the storefront of all countries but those that have one of their own",
    );
    put_pair(&mut out, field::TAGS, "Odd", "a\u{1b}[31mb\nc");
    out
}

/// For as long as the test runs, so that any page may refer to it.
fn error(action: &str) -> &'static Error {
    let error = Error::new(ErrorKind::Permission, format!("may not call {action}"));
    Box::leak(Box::new(error.hint(format!("have {action} allowed"))))
}

fn printed(look: Look, change: impl FnOnce(&mut InstancePage<'_>)) -> String {
    let encoded = encoded();
    let interfaces = web();
    let mut page = InstancePage {
        instance: row::read(&encoded).expect("a row"),
        interfaces: Some(&interfaces),
        interfaces_error: None,
        subnets_error: None,
        agent_error: None,
        source: None,
        now: NOW,
    };
    change(&mut page);
    let mut sink = Sink::new(Box::new(io::sink()));
    page.print(&mut sink, look).expect("fits the buffer");
    String::from_utf8(std::mem::take(sink.buffer())).expect("text")
}

fn on_terminal(width: usize) -> String {
    let look = Look {
        width: Some(width),
        terminal: true,
        ..PLAIN
    };
    printed(look, |_| ())
}

#[test]
fn a_page_is_in_parts_and_aligned() {
    let page = printed(PLAIN, |page| page.interfaces = None);
    assert_eq!(
        page,
        "\
東京-web  i-0123456789abcdef0  running

Instance
  state      running
  type       t3.micro
  arch       -
  platform   -
  image      -
  lifecycle  -
  launched   2026-11-20T15:00:00Z
  age        3d2h
  key        -
  profile    -
  account    -

Placement
  region  eu-west-1
  az      eu-west-1a
  vpc     -
  subnet  -

Network
  private-ip   10.0.0.5
  public-ip    -
  private-dns  ip-10-0-0-5.eu-west-1.compute.internal
  public-dns   -

Security groups
  sg-1  web

Tags
  Name     東京-web
  Purpose  serves the storefront of all countries but those that have one of their own
  Odd      a\\u{1b}[31mb\\nc

Agent
  ssm         online
  version     3.3.1611.0
  last heard  2026-11-23T16:58:59Z, 1m1s ago
"
    );
}

#[test]
fn forty_columns_are_enough_for_a_page() {
    let page = on_terminal(40);
    let part = |heading: &str| {
        let from = page.find(heading).expect(heading);
        let rest = &page[from..];
        &rest[..rest.find("\n\n").unwrap_or(rest.len())]
    };
    assert_eq!(
        part("Network"),
        "Network
  private-ip   10.0.0.5
  public-ip    -
  private-dns  ip-10-0-0-5.eu-west-1.
               compute.internal
  public-dns   -"
    );
    assert_eq!(
        part("Tags"),
        "Tags
  Name     東京-web
  Purpose  serves the storefront of all
           countries but those that have
           one of their own
  Odd      a\\u{1b}[31mb\\nc"
    );
}

#[test]
fn no_terminal_is_too_narrow_and_nothing_is_cut() {
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        letters.sort_unstable();
        letters
    };
    let reference = on_terminal(60);
    for width in [16, 20, 40, 60, 80, 120] {
        let page = on_terminal(width);
        let widest = page.lines().map(escape::width).max();
        assert!(widest <= Some(width), "{width}:\n{page}");
        assert_eq!(letters(&page), letters(&reference), "{width}:\n{page}");
    }
}

#[test]
fn a_page_is_coloured_by_state_and_agent_and_says_the_same_without() {
    let look = Look {
        colours: true,
        ..PLAIN
    };
    let coloured = printed(look, |_| ());
    assert!(
        coloured.contains("\u{1b}[32mrunning\u{1b}[0m"),
        "{coloured}"
    );
    assert!(coloured.contains("\u{1b}[32monline\u{1b}[0m"), "{coloured}");
    let plain = printed(PLAIN, |_| ());
    let mut bare = coloured;
    for code in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[32m"] {
        bare = bare.replace(code, "");
    }
    assert_eq!(bare, plain);
}

#[test]
fn interfaces_stand_in_a_table_where_there_is_room() {
    let page = printed(PLAIN, |_| ());
    let table = page.find("\nInterfaces\nCARD  DEVICE").expect("a table");
    assert!(table < page.find("\nTags\n").expect("tags"), "{page}");
    let narrow = on_terminal(60);
    assert!(!narrow.contains("Interfaces"), "{narrow}");
    assert!(
        narrow.contains("\neni-0123456789abcdef0\n  card "),
        "{narrow}"
    );
}

#[test]
fn what_cannot_be_had_is_said_with_what_mends_it() {
    let [interfaces, subnets] = ["ec2:A", "ec2:B"].map(error);
    let page = printed(PLAIN, |page| {
        page.interfaces = None;
        page.interfaces_error = Some(interfaces);
    });
    let said = "Interfaces\n  why   may not call ec2:A\n  hint  have ec2:A allowed\n";
    assert!(page.contains(said), "{page}");
    let page = printed(PLAIN, |page| page.subnets_error = Some(subnets));
    let said = "the blocks of subnets are not known: may not call ec2:B\n";
    assert!(page.contains(said), "{page}");
}
