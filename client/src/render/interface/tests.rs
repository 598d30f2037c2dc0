//! What every format makes of the same interfaces.

use std::io;

use aws_ssm_proto::domain::{InstanceState, PrivateAddress};

use super::*;
use crate::render::sink::Sink;
use crate::render::terminal::ELLIPSIS;
use crate::render::{Look, Printer, escape};

const PLAIN: Look = Look {
    width: None,
    terminal: false,
    colours: false,
    header: true,
    ellipsis: ELLIPSIS,
};

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn several(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn address(private: &str, public: Option<&str>) -> PrivateAddress {
    PrivateAddress {
        address: private.to_owned(),
        public: public.map(str::to_owned),
    }
}

/// An instance with an interface that has something of everything, and one of which
/// hardly anything is known but what a stranger wrote.
pub(crate) fn web() -> InstanceInterfaces {
    let first = NetworkInterface {
        id: "eni-0123456789abcdef0".into(),
        network_card: Some(0),
        device: Some(0),
        subnet: some("subnet-0123456789abcdef0"),
        cidr: some("10.0.0.0/20"),
        ipv6_cidrs: several(&["2600:1f00::/64"]),
        vpc: some("vpc-0123456789abcdef0"),
        az: some("eu-west-1a"),
        security_groups: vec![
            ("sg-0123456789abcdef0".into(), "prod-web".into()),
            ("sg-0fedcba9876543210".into(), "prod-base".into()),
        ],
        private_addresses: vec![
            address("10.0.0.5", Some("54.0.0.5")),
            address("10.0.0.6", None),
            address("10.0.0.7", Some("54.0.0.7")),
        ],
        ipv6_addresses: several(&["2600:1f00::5"]),
        prefixes: several(&["10.0.1.0/28", "2600:1f00::/80"]),
        mac: some("0a:00:00:00:00:01"),
        status: some("in-use"),
        kind: some("interface"),
        attachment: some("attached"),
        description: some("Primary network interface"),
        attached_at: Some(1_795_453_200),
        delete_on_termination: Some(true),
        source_dest_check: Some(false),
    };
    let second = NetworkInterface {
        id: "eni-0fedcba9876543210".into(),
        network_card: Some(0),
        device: Some(1),
        description: some("東京\u{1b}[31m\tx\ny\u{9b}"),
        private_addresses: vec![address("10.0.0.8", None)],
        ..NetworkInterface::default()
    };
    InstanceInterfaces {
        id: "i-0123456789abcdef0".into(),
        name: some("web-1"),
        state: Some(InstanceState::Running),
        account: some("111122223333"),
        region: "eu-west-1".into(),
        interfaces: vec![first, second],
    }
}

fn text(sink: &mut Sink) -> String {
    String::from_utf8(std::mem::take(sink.buffer())).expect("text")
}

fn names(names: &[&str]) -> Vec<String> {
    several(names)
}

fn printed(format: Format, named: Option<&[&str]>) -> String {
    let named = named.map(names);
    let columns = columns(format, named.as_deref()).expect("columns");
    let mut sink = Sink::new(Box::new(io::sink()));
    let fields = Columns::new(&columns).fields();
    let mut printer = Printer::new(format, fields, PLAIN);
    printer.print(sink.buffer(), InterfaceRow::all(&columns, &web()));
    printer.end(&mut sink).expect("fits the buffer");
    text(&mut sink)
}

fn table(format: Format, width: Option<usize>) -> String {
    let columns = columns(format, None).expect("the usual ones");
    let mut sink = Sink::new(Box::new(io::sink()));
    print(&mut sink, Look { width, ..PLAIN }, "", &columns, &web()).expect("fits the buffer");
    text(&mut sink)
}

#[test]
fn a_table_has_a_line_for_each_address_and_group() {
    let expected = "\
CARD  DEVICE  ID                     PRIVATE-IP  PUBLIC-IP  IPV6          SUBNET                    CIDR         SG
   0       0  eni-0123456789abcdef0  10.0.0.5    54.0.0.5   2600:1f00::5  subnet-0123456789abcdef0  10.0.0.0/20  sg-0123456789abcdef0 prod-web
                                     10.0.0.6                                                                    sg-0fedcba9876543210 prod-base
                                     10.0.0.7    54.0.0.7                                                        \n   \
0       1  eni-0fedcba9876543210  10.0.0.8    -          -             -                         -            -
";
    assert_eq!(table(Format::Table, None), expected);
    assert_eq!(table(Format::Table, Some(143)), expected);
}

#[test]
fn a_wide_table_has_the_rest() {
    let wide = table(Format::Wide, None);
    let header = wide.lines().next().expect("a header");
    for name in TABLE.iter().chain(&WIDE) {
        assert!(header.contains(&name.to_uppercase()), "{name}: {header}");
    }
    assert!(wide.contains("Primary network interface"), "{wide}");
    assert_eq!(wide.lines().count(), 5, "{wide}");
}

#[test]
fn a_terminal_that_is_too_narrow_gets_one_below_the_other_and_nothing_is_cut() {
    assert_eq!(
        table(Format::Table, Some(60)),
        "\
eni-0123456789abcdef0
  card        0
  device      0
  private-ip  10.0.0.5
              10.0.0.6
              10.0.0.7
  public-ip   54.0.0.5
              54.0.0.7
  ipv6        2600:1f00::5
  subnet      subnet-0123456789abcdef0
  cidr        10.0.0.0/20
  sg          sg-0123456789abcdef0 prod-web
              sg-0fedcba9876543210 prod-base

eni-0fedcba9876543210
  card        0
  device      1
  private-ip  10.0.0.8
"
    );
    for width in [20, 40, 80] {
        let shown = table(Format::Wide, Some(width));
        assert!(!shown.contains('…'), "{shown}");
        let widest = shown.lines().map(escape::width).max();
        assert!(widest <= Some(width), "{width}: {shown}");
    }
}

#[test]
fn what_a_stranger_wrote_steers_nothing() {
    for shown in [
        table(Format::Wide, None),
        table(Format::Wide, Some(40)),
        printed(Format::Tsv, None),
        printed(Format::Json, None),
        printed(Format::Jsonl, None),
        printed(Format::Yaml, None),
    ] {
        let is_order = |c: char| c != '\n' && c != '\t' && c.is_control();
        assert!(!shown.contains(is_order), "{shown:?}");
    }
    assert_eq!(printed(Format::Tsv, None).lines().count(), 3);
}

#[test]
fn json_is_one_array_of_every_field() {
    assert_eq!(
        printed(Format::Json, None),
        concat!(
            "[\n",
            r#"{"name":"web-1","instance_id":"i-0123456789abcdef0","instance_state":"running","#,
            r#""account":"111122223333","region":"eu-west-1","network_card":0,"device":0,"#,
            r#""id":"eni-0123456789abcdef0","private_ips":["10.0.0.5","10.0.0.6","10.0.0.7"],"#,
            r#""public_ips":["54.0.0.5","54.0.0.7"],"#,
            r#""addresses":[{"private_ip":"10.0.0.5","public_ip":"54.0.0.5"},"#,
            r#"{"private_ip":"10.0.0.6","public_ip":null},"#,
            r#"{"private_ip":"10.0.0.7","public_ip":"54.0.0.7"}],"#,
            r#""ipv6_addresses":["2600:1f00::5"],"prefixes":["10.0.1.0/28","2600:1f00::/80"],"#,
            r#""subnet":"subnet-0123456789abcdef0","subnet_cidr":"10.0.0.0/20","#,
            r#""subnet_ipv6_cidrs":["2600:1f00::/64"],"vpc":"vpc-0123456789abcdef0","#,
            r#""az":"eu-west-1a","security_groups":[{"id":"sg-0123456789abcdef0","#,
            r#""name":"prod-web"},{"id":"sg-0fedcba9876543210","name":"prod-base"}],"#,
            r#""mac":"0a:00:00:00:00:01","status":"in-use","type":"interface","#,
            r#""attachment":"attached","attached_at":"2026-11-23T17:00:00Z","#,
            r#""delete_on_termination":true,"source_dest_check":false,"#,
            r#""description":"Primary network interface"},"#,
            "\n",
            r#"{"name":"web-1","instance_id":"i-0123456789abcdef0","instance_state":"running","#,
            r#""account":"111122223333","region":"eu-west-1","network_card":0,"device":1,"#,
            r#""id":"eni-0fedcba9876543210","private_ips":["10.0.0.8"],"public_ips":[],"#,
            r#""addresses":[{"private_ip":"10.0.0.8","public_ip":null}],"ipv6_addresses":[],"#,
            r#""prefixes":[],"subnet":null,"subnet_cidr":null,"subnet_ipv6_cidrs":[],"vpc":null,"#,
            r#""az":null,"security_groups":[],"mac":null,"status":null,"type":null,"#,
            r#""attachment":null,"attached_at":null,"delete_on_termination":null,"#,
            r#""source_dest_check":null,"description":"東京\u001b[31m\tx\ny\u009b"}"#,
            "\n]\n"
        )
    );
}

#[test]
fn yaml_is_one_list() {
    assert_eq!(
        printed(
            Format::Yaml,
            Some(&["id", "device", "public-ip", "sg", "addresses"])
        ),
        "\
- id: eni-0123456789abcdef0
  device: 0
  public_ips:
  - \"54.0.0.5\"
  - \"54.0.0.7\"
  security_groups:
  - id: sg-0123456789abcdef0
    name: prod-web
  - id: sg-0fedcba9876543210
    name: prod-base
  addresses:
  - private_ip: \"10.0.0.5\"
    public_ip: \"54.0.0.5\"
  - private_ip: \"10.0.0.6\"
    public_ip: null
  - private_ip: \"10.0.0.7\"
    public_ip: \"54.0.0.7\"
- id: eni-0fedcba9876543210
  device: 1
  public_ips: []
  security_groups: []
  addresses:
  - private_ip: \"10.0.0.8\"
    public_ip: null
"
    );
}

#[test]
fn lines_say_of_which_instance_an_interface_is() {
    assert_eq!(
        printed(Format::Csv, None),
        "name,instance_id,network_card,device,id,private_ips,public_ips,ipv6_addresses,prefixes,\
         subnet,subnet_cidr,vpc,az,security_groups,mac,status,type,description\n\
         web-1,i-0123456789abcdef0,0,0,eni-0123456789abcdef0,\"10.0.0.5,10.0.0.6,10.0.0.7\",\
         \"54.0.0.5,54.0.0.7\",2600:1f00::5,\"10.0.1.0/28,2600:1f00::/80\",\
         subnet-0123456789abcdef0,10.0.0.0/20,vpc-0123456789abcdef0,eu-west-1a,\
         \"sg-0123456789abcdef0,sg-0fedcba9876543210\",0a:00:00:00:00:01,in-use,interface,\
         Primary network interface\n\
         web-1,i-0123456789abcdef0,0,1,eni-0fedcba9876543210,10.0.0.8,,,,,,,,,,,,\
         \"東京\u{1b}[31m\tx\ny\u{9b}\"\n"
    );
    let tsv = printed(
        Format::Tsv,
        Some(&["instance", "id", "private-ip", "description"]),
    );
    assert_eq!(
        tsv,
        "instance_id\tid\tprivate_ips\tdescription\n\
         i-0123456789abcdef0\teni-0123456789abcdef0\t10.0.0.5,10.0.0.6,10.0.0.7\t\
         Primary network interface\n\
         i-0123456789abcdef0\teni-0fedcba9876543210\t10.0.0.8\t東京\\u{1b}[31m\\tx\\ny\\u{9b}\n"
    );
}

#[test]
fn ids_are_those_of_the_interfaces() {
    let ids = "eni-0123456789abcdef0\neni-0fedcba9876543210\n";
    assert_eq!(printed(Format::Ids, None), ids);
    assert_eq!(printed(Format::Ids, Some(&["mac"])), ids);
}

#[test]
fn an_unknown_column_is_told_with_the_nearest() {
    let named = names(&["subent"]);
    let error = columns(Format::Table, Some(&named)).expect_err("no such column");
    assert_eq!(error.hint, "did you mean subnet?");
    assert!(error.why.contains("private-ip"), "{error}");
}
