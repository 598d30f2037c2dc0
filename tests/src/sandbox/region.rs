//! Owns the list of AWS regions of the commercial partition.
//!
//! Invariant: a name that is not in the list has no fleet and is refused as a
//! credential scope.

/// A region, with what DescribeRegions and zone names need.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) name: &'static str,
    /// Accounts have the region only after they asked for it.
    pub(crate) opt_in: bool,
}

const fn always(name: &'static str) -> Region {
    Region {
        name,
        opt_in: false,
    }
}

const fn on_request(name: &'static str) -> Region {
    Region { name, opt_in: true }
}

/// In the order in which DescribeRegions names them.
pub(crate) static REGIONS: [Region; 34] = [
    on_request("ap-south-2"),
    always("ap-south-1"),
    on_request("eu-south-1"),
    on_request("eu-south-2"),
    on_request("me-central-1"),
    on_request("il-central-1"),
    on_request("ca-west-1"),
    on_request("mx-central-1"),
    on_request("eu-central-2"),
    always("eu-north-1"),
    always("eu-west-3"),
    always("eu-west-2"),
    always("eu-west-1"),
    always("ap-northeast-3"),
    always("ap-northeast-2"),
    on_request("me-south-1"),
    always("ap-northeast-1"),
    on_request("ap-east-1"),
    on_request("ap-east-2"),
    on_request("af-south-1"),
    always("ca-central-1"),
    always("sa-east-1"),
    always("ap-southeast-1"),
    always("ap-southeast-2"),
    on_request("ap-southeast-3"),
    on_request("ap-southeast-4"),
    on_request("ap-southeast-5"),
    on_request("ap-southeast-6"),
    on_request("ap-southeast-7"),
    always("eu-central-1"),
    always("us-east-1"),
    always("us-east-2"),
    always("us-west-1"),
    always("us-west-2"),
];

pub(crate) fn find(name: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.name == name)
}

impl Region {
    pub(crate) fn endpoint(&self) -> String {
        format!("ec2.{}.amazonaws.com", self.name)
    }

    /// The stem of zone ids: `use1` for `us-east-1`, `apse2` for `ap-southeast-2`.
    pub(crate) fn zone_id_stem(&self) -> String {
        let mut parts = self.name.split('-');
        let mut next = || parts.next().expect("a region name has three parts");
        let (area, direction, number) = (next(), next(), next());
        let short = match direction {
            "northeast" => "ne",
            "southeast" => "se",
            _ => &direction[..1],
        };
        format!("{area}{short}{number}")
    }

    /// The domain of private DNS names, which is older than regions in `us-east-1`.
    pub(crate) fn private_domain(&self) -> String {
        match self.name {
            "us-east-1" => "ec2.internal".to_owned(),
            name => format!("{name}.compute.internal"),
        }
    }

    /// The domain of public DNS names.
    pub(crate) fn public_domain(&self) -> String {
        match self.name {
            "us-east-1" => "compute-1.amazonaws.com".to_owned(),
            name => format!("{name}.compute.amazonaws.com"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_id_stems_are_those_of_aws() {
        let stem = |name| find(name).expect("known").zone_id_stem();
        assert_eq!(stem("us-east-1"), "use1");
        assert_eq!(stem("ap-southeast-2"), "apse2");
        assert_eq!(stem("ap-northeast-1"), "apne1");
        assert_eq!(stem("eu-central-1"), "euc1");
        assert_eq!(stem("af-south-1"), "afs1");
    }

    #[test]
    fn names_are_unique() {
        let names: std::collections::HashSet<_> = REGIONS.iter().map(|r| r.name).collect();
        assert_eq!(names.len(), REGIONS.len());
    }
}
