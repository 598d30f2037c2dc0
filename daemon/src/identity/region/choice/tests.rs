use super::*;

const ENABLED: [&str; 5] = [
    "us-west-2",
    "eu-west-1",
    "us-east-1",
    "eu-central-1",
    "ap-south-1",
];

fn read(words: &[&str]) -> Result<RegionChoice, Error> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    RegionChoice::read(&words, || Some("eu-west-1".to_owned()))
}

fn expanded(words: &[&str]) -> Result<Vec<String>, Error> {
    match read(words)? {
        RegionChoice::Named(names) => Ok(names),
        RegionChoice::Wide(wide) => wide.expand(&ENABLED),
    }
}

fn home(words: &[&str], configured: Option<&str>) -> String {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let choice = RegionChoice::read(&words, || configured.map(str::to_owned));
    choice.unwrap().home().to_owned()
}

#[test]
fn all_and_globs_are_expanded_in_a_stable_order_each_region_once() {
    let all = [
        "ap-south-1",
        "eu-central-1",
        "eu-west-1",
        "us-east-1",
        "us-west-2",
    ];
    assert_eq!(expanded(&["all"]).unwrap(), all);
    assert_eq!(expanded(&["*"]).unwrap(), all);
    assert_eq!(expanded(&["us-*"]).unwrap(), ["us-east-1", "us-west-2"]);
    assert_eq!(
        expanded(&["us-west-2", "eu-*", "*-west-?"]).unwrap(),
        ["us-west-2", "eu-central-1", "eu-west-1"]
    );
}

#[test]
fn a_region_named_twice_is_asked_once() {
    let regions = expanded(&["us-west-2", "eu-west-1", "us-west-2"]).unwrap();
    assert_eq!(regions, ["us-west-2", "eu-west-1"]);
}

#[test]
fn a_region_that_is_named_is_asked_whether_it_is_enabled_or_not() {
    let regions = expanded(&["us-*", "me-south-1"]).unwrap();
    assert_eq!(regions, ["us-east-1", "us-west-2", "me-south-1"]);
}

#[test]
fn a_glob_that_fits_no_region_is_told_with_the_nearest() {
    let error = expanded(&["eu-*", "us-wst-*"]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Usage);
    assert!(error.what.ends_with("is like us-wst-*"), "{}", error.what);
    assert!(error.why.contains("ap-south-1, eu-central-1"));
    assert_eq!(error.candidates, ["us-west-2"]);
    let error = expanded(&["mars-*"]).unwrap_err();
    assert!(error.hint.contains("aws-ssm regions"), "{}", error.hint);
}

#[test]
fn regions_are_bounded_in_number() {
    let error = read(&["eu-west-1"; MOST + 1]).unwrap_err();
    assert_eq!(error.what, "101 regions are too many");
    assert_eq!(expanded(&["eu-west-1"; MOST]).unwrap(), ["eu-west-1"]);
    let many: Vec<String> = (0..60)
        .flat_map(|n| {
            [
                format!("a-b{}-1", "c".repeat(n)),
                format!("a-b{}-2", "c".repeat(n)),
            ]
        })
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let RegionChoice::Wide(wide) = read(&["all"]).unwrap() else {
        panic!("not wide");
    };
    let error = wide.expand(&many).unwrap_err();
    assert_eq!(error.what, "120 regions are too many");
}

#[test]
fn what_is_neither_a_region_nor_a_glob_is_refused() {
    for word in ["eu", "us_*", "a.b*", "*/", "", "ALL*"] {
        let error = read(&[word]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage, "{word:?}");
        assert_eq!(error.why, "--region names it");
    }
    assert_eq!(read(&["US-*"]).unwrap_err().hint, "did you mean us-*?");
}

#[test]
fn the_list_of_regions_is_asked_for_at_home_if_that_is_in_their_partition() {
    assert_eq!(home(&["all"], Some("us-gov-east-1")), "us-gov-east-1");
    assert_eq!(home(&["us-*"], Some("us-gov-east-1")), "us-gov-east-1");
    assert_eq!(home(&["cn-*"], Some("eu-west-1")), "cn-northwest-1");
    assert_eq!(home(&["all"], None), "us-east-1");
    assert_eq!(home(&["us-gov-*"], None), "us-gov-west-1");
    assert_eq!(home(&["us-*", "sa-east-1"], None), "sa-east-1");
}

#[test]
fn words_mean_the_regions_that_they_would_ask() {
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    assert!(means(&words(&["all"]), "eu-west-1"));
    assert!(means(&words(&["us-*", "eu-west-1"]), "eu-west-1"));
    assert!(!means(&words(&["us-*"]), "eu-west-1"));
}

#[test]
fn what_was_typed_is_told_as_it_was() {
    let choice = read(&["all", "eu-west-1", "us-*"]).unwrap();
    assert_eq!(choice.into_words(), ["all", "eu-west-1", "us-*"]);
}
