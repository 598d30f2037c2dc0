//! What a caller's AWS settings come to: asked of AWS now, side by side, in bounds.
//! Nothing of it is read from the cache or kept in it.

use aws_ssm_proto::domain::{CallFinding, Caller, Diagnosis, Error, ProfileFinding};
use futures_util::future::{join, join_all, join5};
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::Daemon;
use crate::aws::{ApiError, Operation, PageRequest};
use crate::identity::{Admission, RegionChoice, VerifiedIdentity, Wide};
use crate::inventory::PAGE_SIZES;

/// More profiles than a person reads through; beyond it they are only counted.
const MOST_PROFILES: usize = 50;
/// Profiles that are looked at side by side.
const PROFILES_AT_ONCE: usize = 8;
/// Each region costs five calls.
const MOST_REGIONS: usize = 10;

impl Daemon {
    /// Finds out what the caller's settings lead to. What has not been answered by
    /// `deadline` is an error of its own.
    pub async fn diagnose(&self, caller: &Caller, deadline: Instant) -> Diagnosis {
        let own = self.identities.admit(caller, deadline);
        let (admission, profiles) = join(own, self.profiles(caller, deadline)).await;
        let (profiles, profiles_left_out, profiles_error) = match profiles {
            Ok((profiles, left_out)) => (profiles, left_out, None),
            Err(error) => (Vec::new(), 0, Some(error)),
        };
        let (calls, regions) = match &admission {
            Ok(admission) => self.calls(admission, deadline).await,
            Err(_) => (Vec::new(), 0),
        };
        Diagnosis {
            identity: admission.and_then(Admission::describe),
            profiles,
            profiles_left_out,
            profiles_error,
            calls,
            regions_left_out: count(regions.saturating_sub(MOST_REGIONS)),
            clock: self.metrics.clock().offset(),
        }
    }

    /// Whom each profile leads to, and how many were not looked at.
    async fn profiles(
        &self,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<(Vec<ProfileFinding>, u32), Error> {
        let names = match &caller.profile {
            // His own identity is that of this profile.
            Some(_) => Vec::new(),
            None => self.identities.profile_names(caller, deadline).await?,
        };
        let left_out = count(names.len().saturating_sub(MOST_PROFILES));
        let looked_at = names.into_iter().take(MOST_PROFILES);
        let findings = looked_at.map(|name| self.profile(caller, name, deadline));
        let findings = stream::iter(findings).buffered(PROFILES_AT_ONCE);
        Ok((findings.collect().await, left_out))
    }

    async fn profile(&self, caller: &Caller, name: String, deadline: Instant) -> ProfileFinding {
        let caller = Caller {
            profile: Some(name.clone()),
            role_arn: None,
            ..caller.clone()
        };
        let admission = self.identities.admit(&caller, deadline).await;
        ProfileFinding {
            name,
            identity: admission.and_then(Admission::describe),
        }
    }

    /// What AWS answers this identity in its regions, and how many those are.
    async fn calls(&self, admission: &Admission, deadline: Instant) -> (Vec<CallFinding>, usize) {
        let identity = &admission.identity;
        let regions = match &admission.regions {
            RegionChoice::Named(names) => names.clone(),
            RegionChoice::Wide(wide) => match self.meant(identity, wide, deadline).await {
                Ok(names) => names,
                Err(finding) => return (vec![finding], 0),
            },
        };
        let looked_at = regions.iter().take(MOST_REGIONS);
        let calls = looked_at.map(|region| self.calls_in(identity, region, deadline));
        (join_all(calls).await.concat(), regions.len())
    }

    /// The regions that words mean, or why that cannot be told.
    async fn meant(
        &self,
        identity: &VerifiedIdentity,
        wide: &Wide,
        deadline: Instant,
    ) -> Result<Vec<String>, CallFinding> {
        let client = self.pool.client(identity, &wide.home);
        let mut names = Vec::new();
        let expanded = async {
            let known = client.describe_regions(deadline).await;
            let known = known.map_err(ApiError::into_error)?;
            let known: Vec<&str> = known.iter().map(|region| region.name.as_str()).collect();
            names = wide.expand(&known)?;
            Ok(())
        };
        let finding = timed(&wide.home, Operation::DescribeRegions, expanded).await;
        match finding.error {
            Some(_) => Err(finding),
            None => Ok(names),
        }
    }

    async fn calls_in(
        &self,
        identity: &VerifiedIdentity,
        region: &str,
        deadline: Instant,
    ) -> Vec<CallFinding> {
        let client = self.pool.client(identity, region);
        let few = || PageRequest {
            size: Some(*PAGE_SIZES.start()),
            ..PageRequest::default()
        };
        let instances = async {
            let page = self.inventory.page(identity, region, few(), 0, deadline);
            page.await.map(drop)
        };
        let agents = async {
            let page = client.describe_instance_information(None, deadline).await;
            page.map(drop).map_err(ApiError::into_error)
        };
        let regions = async {
            let all = client.describe_regions(deadline).await;
            all.map(drop).map_err(ApiError::into_error)
        };
        let inventory = &self.inventory;
        let interfaces = inventory.ask_for_interfaces(identity, region, few(), deadline);
        let subnets = async {
            let page = client.describe_subnets(None, deadline).await;
            page.map(drop).map_err(ApiError::into_error)
        };
        let findings = join5(
            timed(region, Operation::DescribeInstances, instances),
            timed(region, Operation::DescribeInstanceInformation, agents),
            timed(region, Operation::DescribeNetworkInterfaces, interfaces),
            timed(region, Operation::DescribeSubnets, subnets),
            timed(region, Operation::DescribeRegions, regions),
        );
        let (instances, agents, interfaces, subnets, regions) = findings.await;
        vec![instances, agents, interfaces, subnets, regions]
    }
}

async fn timed(
    region: &str,
    operation: Operation,
    answer: impl Future<Output = Result<(), Error>>,
) -> CallFinding {
    let began = Instant::now();
    let error = answer.await.err();
    CallFinding {
        region: region.to_owned(),
        operation: operation.to_string(),
        took: began.elapsed(),
        error,
    }
}

fn count(things: usize) -> u32 {
    u32::try_from(things).unwrap_or(u32::MAX)
}
