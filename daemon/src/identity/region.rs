//! Which regions a call asks for, and whether they could be regions at all.
//!
//! Only the shape is judged: whether a region exists is AWS's to know, and new
//! ones need no new version of this program.

use aws_ssm_proto::domain::{Error, ErrorKind};

/// Regions of one call, of which each may become a load. AWS has some forty.
const MOST: usize = 100;

/// The regions of a call, in the order asked, each once.
///
/// # Errors
///
/// `Usage` for a name that cannot be a region's, for too many, or if there is none at
/// all.
pub fn choose(candidates: &[Candidate<'_>]) -> Result<Vec<String>, Error> {
    let chosen = candidates.iter().find(|source| !source.names.is_empty());
    let Some(chosen) = chosen else {
        return Err(none());
    };
    if chosen.names.len() > MOST {
        return Err(too_many(chosen.names.len()));
    }
    let mut regions: Vec<String> = Vec::with_capacity(chosen.names.len());
    for name in &chosen.names {
        check(name, chosen.source)?;
        if !regions.iter().any(|known| known == name) {
            regions.push((*name).to_owned());
        }
    }
    Ok(regions)
}

/// What one setting says of regions.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The setting, as people know it.
    pub source: &'a str,
    /// Empty if it is not set.
    pub names: Vec<&'a str>,
}

impl<'a> Candidate<'a> {
    /// A setting that names one region at most.
    #[must_use]
    pub fn one(source: &'a str, name: Option<&'a str>) -> Self {
        let names = name.into_iter().collect();
        Self { source, names }
    }
}

fn too_many(count: usize) -> Error {
    Error::new(ErrorKind::Usage, format!("{count} regions are too many"))
        .why(format!("one call may name {MOST}"))
        .hint("ask in some of them at a time; `aws-ssm regions` lists yours")
}

/// How the regions begin that are not of the partition `aws` (AWS's
/// partitions.json, `regionRegex`).
const PARTITIONS: [&str; 4] = ["cn-", "us-gov-", "us-iso", "eusc-"];

/// Whether credentials that are good in one of these regions can be good in the
/// other.
#[must_use]
pub fn are_of_one_partition(one: &str, other: &str) -> bool {
    let partition = |region: &str| PARTITIONS.iter().find(|start| region.starts_with(**start));
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
    let hint = if has_shape(&lower) {
        format!("did you mean {lower}?")
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

    fn named(names: &[&str]) -> Result<Vec<String>, Error> {
        choose(&[Candidate {
            source: "--region",
            names: names.to_vec(),
        }])
    }

    #[test]
    fn regions_are_bounded_in_number() {
        let error = named(&["eu-west-1"; MOST + 1]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage);
        assert_eq!(error.what, "101 regions are too many");
        assert_eq!(named(&["eu-west-1"; MOST]).unwrap(), ["eu-west-1"]);
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
        assert_eq!(named(&regions).unwrap(), regions);
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
            Candidate::one("--region", None),
            Candidate::one("AWS_REGION", Some("eu-west-1")),
            Candidate::one("AWS_DEFAULT_REGION", Some("not a region")),
        ];
        assert_eq!(choose(&candidates).unwrap(), ["eu-west-1"]);
    }

    #[test]
    fn a_region_named_twice_is_asked_once() {
        let regions = named(&["us-west-2", "eu-west-1", "us-west-2"]).unwrap();
        assert_eq!(regions, ["us-west-2", "eu-west-1"]);
    }

    #[test]
    fn no_region_says_how_to_set_one() {
        let error = choose(&[Candidate::one("--region", None)]).unwrap_err();
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
            let error = named(&[name]).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Usage, "{name:?}");
            assert!(error.what.contains(&format!("{name:?}")), "{}", error.what);
            assert_eq!(error.why, "--region names it");
        }
    }

    #[test]
    fn common_slips_are_recognised() {
        let hint = |name| named(&[name]).unwrap_err().hint;
        assert_eq!(hint("EU-West-1"), "did you mean eu-west-1?");
        assert!(hint("eu-west-1b").ends_with("its region is eu-west-1"));
    }
}
