//! Owns what can be said of a sandbox before it starts.
//!
//! Invariant: a configuration that `check` passed can be started.

use std::collections::HashMap;
use std::time::Duration;

use super::region;

/// What a sandbox holds and where it listens. Start from `default()` and name
/// what differs.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxConfig {
    /// The loopback port; 0 takes a free one.
    pub port: u16,
    /// Decides every name, id, tag and state of the fleets, and faults' luck.
    pub seed: u64,
    /// How many accounts there are; at least 1.
    pub accounts: usize,
    /// The regions with instances. Other regions that need no opt-in answer
    /// with nothing; opt-in regions not named here refuse every key.
    pub regions: Vec<String>,
    /// Instances in each account and region.
    pub instances: usize,
    /// Hybrid nodes (`mi-…`) in each account and region that has instances.
    pub hybrid_nodes: usize,
    /// The part of instances that run the SSM agent, 0 to 1.
    pub agent_share: f64,
    /// The roles of every account.
    pub roles: Vec<Role>,
    /// The token that AssumeRoleWithWebIdentity accepts.
    pub web_identity_token: String,
    /// How long each answer takes.
    pub latency_per_call: Duration,
    /// How much longer for each instance, interface, node … in it.
    pub latency_per_row: Duration,
    /// Instances of single fleets, by account, counted from 0, and region; see
    /// [`SandboxConfig::fleet_size`].
    pub fleet_sizes: HashMap<(usize, String), usize>,
}

/// An IAM role; every account has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The last part of its ARN.
    pub name: String,
    /// Only callers who give their MFA code may assume it.
    pub requires_mfa: bool,
    /// Ids of the accounts that may assume it; `None` means any.
    pub trusted_accounts: Option<Vec<String>>,
    /// How long its sessions live, whatever is asked for; `None` grants what
    /// is asked for, up to an hour.
    pub session: Option<Duration>,
}

impl Role {
    /// A role that any account may assume without MFA.
    pub fn open(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            requires_mfa: false,
            trusted_accounts: None,
            session: None,
        }
    }

    /// A role that any account's user may assume with MFA.
    pub fn with_mfa(name: &str) -> Self {
        Self {
            requires_mfa: true,
            ..Self::open(name)
        }
    }
}

impl Default for SandboxConfig {
    /// Two accounts with 100 instances and 3 hybrid nodes in every region that
    /// needs no opt-in, the roles `ops` and `mfa`, no latency.
    fn default() -> Self {
        let regions = region::REGIONS.iter().filter(|region| !region.opt_in);
        Self {
            port: 0,
            seed: 1,
            accounts: 2,
            regions: regions.map(|region| region.name.to_owned()).collect(),
            instances: 100,
            hybrid_nodes: 3,
            agent_share: 0.9,
            roles: vec![Role::open("ops"), Role::with_mfa("mfa")],
            web_identity_token: "web-identity-token".to_owned(),
            latency_per_call: Duration::ZERO,
            latency_per_row: Duration::ZERO,
            fleet_sizes: HashMap::new(),
        }
    }
}

impl SandboxConfig {
    /// Gives one fleet a size of its own. Accounts are counted from 0.
    #[must_use]
    pub fn fleet_size(mut self, account: usize, region: &str, instances: usize) -> Self {
        self.fleet_sizes
            .insert((account, region.to_owned()), instances);
        self
    }

    /// How many instances an account has in a region.
    pub(crate) fn size_of(&self, account: usize, region: &str) -> usize {
        let own = self.fleet_sizes.get(&(account, region.to_owned()));
        own.copied().unwrap_or(if self.has_fleet(region) {
            self.instances
        } else {
            0
        })
    }

    /// How many hybrid nodes an account has in a region.
    pub(crate) fn hybrid_nodes_in(&self, region: &str) -> usize {
        if self.has_fleet(region) {
            self.hybrid_nodes
        } else {
            0
        }
    }

    /// Whether accounts may use a region at all.
    pub(crate) fn is_enabled(&self, region: &region::Region) -> bool {
        !region.opt_in
            || self.has_fleet(region.name)
            || self.fleet_sizes.keys().any(|(_, name)| name == region.name)
    }

    fn has_fleet(&self, region: &str) -> bool {
        self.regions.iter().any(|name| name == region)
    }

    /// The first thing that is wrong, as a sentence.
    pub(crate) fn check(&self) -> Result<(), String> {
        let sized = self.fleet_sizes.keys().map(|(_, region)| region);
        if let Some(name) = (self.regions.iter().chain(sized)).find(|n| region::find(n).is_none()) {
            return Err(format!("'{name}' is not the name of an AWS region"));
        }
        if let Some((account, _)) = self.fleet_sizes.keys().find(|(n, _)| *n >= self.accounts) {
            return Err(format!(
                "a fleet size names account {account}, counted from 0"
            ));
        }
        // Account ids are made of numbers with four digits.
        if !(1..=6000).contains(&self.accounts) {
            return Err("the number of accounts must be 1 to 6000".to_owned());
        }
        if !(0.0..=1.0).contains(&self.agent_share) {
            return Err("the share of instances with an agent must be 0 to 1".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_regions_unless_set() {
        let config = SandboxConfig {
            regions: vec!["us-east-1".to_owned()],
            ..SandboxConfig::default()
        }
        .fleet_size(1, "af-south-1", 7);
        assert_eq!(config.size_of(0, "us-east-1"), 100);
        assert_eq!(config.size_of(0, "eu-west-1"), 0);
        assert_eq!(config.size_of(1, "af-south-1"), 7);
        assert_eq!(config.size_of(0, "af-south-1"), 0);
        let enabled = |name| config.is_enabled(region::find(name).expect("known"));
        assert!(enabled("eu-west-1") && enabled("af-south-1") && !enabled("ap-east-1"));
        assert_eq!(config.check(), Ok(()));
    }

    #[test]
    fn mistakes_are_found() {
        let wrong_region = SandboxConfig {
            regions: vec!["us-east-9".to_owned()],
            ..SandboxConfig::default()
        };
        assert!(wrong_region.check().is_err());
        let no_account = SandboxConfig::default().fleet_size(2, "us-east-1", 1);
        assert!(no_account.check().is_err());
        let no_share = SandboxConfig {
            agent_share: f64::NAN,
            ..SandboxConfig::default()
        };
        assert!(no_share.check().is_err());
    }
}
