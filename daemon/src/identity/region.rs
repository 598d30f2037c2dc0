//! Which regions a call asks for, and whether they could be regions at all.
//!
//! Only the shape is judged: whether a region exists is AWS's to know, and new
//! ones need no new version of this program.

mod choice;

pub use choice::{RegionChoice, Wide, check_words, fits, means};

use aws_ssm_proto::domain::{Error, ErrorKind};

/// Regions of one call, of which each may become a load. AWS has some forty.
pub(super) const MOST: usize = 100;

/// The region of calls that name none: the first that a setting names. It is one, by
/// its name, as other programs read the same settings.
///
/// # Errors
///
/// `Usage` for a name that cannot be a region's, or if there is none at all.
pub fn choose(candidates: &[Candidate<'_>]) -> Result<String, Error> {
    let mut named = candidates.iter().filter_map(|source| {
        let name = source.name?;
        Some((name, source.source))
    });
    let (name, source) = named.next().ok_or_else(none)?;
    check(name, source)?;
    Ok(name.to_owned())
}

/// What one setting says of the region.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The setting, as people know it.
    pub source: &'a str,
    /// `None` if it is not set.
    pub name: Option<&'a str>,
}

fn too_many(count: usize) -> Error {
    Error::new(ErrorKind::Usage, format!("{count} regions are too many"))
        .why(format!("one call may name {MOST}"))
        .hint("ask in some of them at a time; `aws-ssm regions` lists yours")
}

/// How the regions begin that are not of the partition `aws`, and a region that every
/// account there has (AWS's partitions.json, `regionRegex` and
/// `implicitGlobalRegion`).
const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "cn-northwest-1"),
    ("us-gov-", "us-gov-west-1"),
    ("us-isob-", "us-isob-east-1"),
    ("us-iso-", "us-iso-east-1"),
    ("us-isof-", "us-isof-south-1"),
    ("eu-isoe-", "eu-isoe-west-1"),
    ("eusc-", "eusc-de-east-1"),
];

/// The partition of what begins as a region's name does; `None` is `aws`.
fn partition(region: &str) -> Option<&'static (&'static str, &'static str)> {
    let mut partitions = PARTITIONS.iter();
    partitions.find(|(start, _)| region.starts_with(start))
}

/// Whether credentials that are good in one of these regions can be good in the
/// other.
fn are_of_one_partition(one: &str, other: &str) -> bool {
    partition(one) == partition(other)
}

fn none() -> Error {
    Error::new(ErrorKind::Usage, "no region is set")
        .why("neither --region, AWS_REGION, AWS_DEFAULT_REGION, the profile nor default.region names one")
        .hint("name one with --region, or keep one: aws configure set region eu-west-1")
}

/// Refuses a name that cannot be a region's; `source` is what names it.
///
/// # Errors
///
/// `Usage`.
pub fn check(name: &str, source: &str) -> Result<(), Error> {
    if has_shape(name) {
        return Ok(());
    }
    let lower = name.trim().to_ascii_lowercase();
    let zone = lower.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let hint = if has_shape(&lower) || (source == choice::FLAG && choice::is_glob(&lower)) {
        format!("did you mean {lower}?")
    } else if choice::is_wide(&lower) {
        "name regions with --region, as all, 'us-*' or eu-west-1; a setting names one".to_owned()
    } else if zone.len() + 1 == lower.len() && has_shape(zone) {
        format!("{name} is an availability zone; its region is {zone}")
    } else {
        "regions are named as eu-west-1 is; `aws-ssm regions` lists yours".to_owned()
    };
    let error = Error::new(ErrorKind::Usage, format!("{name:?} is no region"));
    Err(error.why(format!("{source} names it")).hint(hint))
}

/// Lower-case words and a number, joined by hyphens: `us-gov-west-1`. A region
/// becomes a part of a host's name, so nothing else may pass.
fn has_shape(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let Some((number, words)) = parts.split_last() else {
        return false;
    };
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    // 63 octets is the longest label of a host's name (RFC 1035, 2.3.4).
    name.len() <= 63
        && words.len() >= 2
        && words.iter().all(is_word)
        && matches!(number.len(), 1 | 2)
        && number.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Result<String, Error> {
        choose(&[of("AWS_REGION", name)])
    }

    fn of<'a>(source: &'a str, name: &'a str) -> Candidate<'a> {
        let name = Some(name);
        Candidate { source, name }
    }

    #[test]
    fn regions_of_every_partition_pass() {
        let regions = [
            "us-east-1",
            "ap-southeast-7",
            "us-gov-west-1",
            "cn-northwest-1",
            "us-isob-east-1",
            "eusc-de-east-1",
        ];
        for region in regions {
            assert_eq!(named(region).unwrap(), region);
        }
    }

    #[test]
    fn a_partition_is_told_by_how_a_region_begins() {
        assert!(are_of_one_partition("us-east-1", "ap-southeast-7"));
        assert!(are_of_one_partition("us-gov-west-1", "us-gov-east-1"));
        assert!(!are_of_one_partition("us-east-1", "us-gov-west-1"));
        assert!(!are_of_one_partition("us-isob-east-1", "cn-north-1"));
    }

    #[test]
    fn the_first_setting_that_names_one_decides() {
        let candidates = [
            Candidate {
                source: "AWS_REGION",
                name: None,
            },
            of("AWS_DEFAULT_REGION", "eu-west-1"),
            of("default.region", "not a region"),
        ];
        assert_eq!(choose(&candidates).unwrap(), "eu-west-1");
    }

    #[test]
    fn a_setting_names_one_region_and_only_the_flag_several() {
        for name in ["all", "us-*", "eu-west-?"] {
            let error = named(name).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Usage);
            assert_eq!(error.why, "AWS_REGION names it");
            assert!(error.hint.contains("--region"), "{}", error.hint);
        }
    }

    #[test]
    fn no_region_says_how_to_set_one() {
        let error = choose(&[]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.hint.contains("aws configure set region"));
    }

    #[test]
    fn what_is_no_region_is_named_with_its_source() {
        let long = format!("{}-west-1", "a".repeat(60));
        for name in [
            "eu",
            "eu-west",
            "eu_west_1",
            "eu-west-1/",
            "eu-west-1.evil",
            "-west-1",
            "eu-west-123",
            "eu--1",
            "é-west-1",
            "",
            " ",
            &long,
        ] {
            let error = named(name).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Usage, "{name:?}");
            assert!(error.what.contains(&format!("{name:?}")), "{}", error.what);
            assert_eq!(error.why, "AWS_REGION names it");
        }
    }

    #[test]
    fn common_slips_are_recognised() {
        let hint = |name| named(name).unwrap_err().hint;
        assert_eq!(hint("EU-West-1"), "did you mean eu-west-1?");
        assert!(hint("eu-west-1b").ends_with("its region is eu-west-1"));
    }
}
