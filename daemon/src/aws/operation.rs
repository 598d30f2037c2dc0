//! The AWS operations that are used, and how AWS spells them.

use std::fmt;

/// An AWS service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Service {
    Ec2,
    Ssm,
    Sts,
    Sso,
    SsoOidc,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 5] = [Self::Ec2, Self::Ssm, Self::Sts, Self::Sso, Self::SsoOidc];

    /// The prefix of its actions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
            Self::Sso => "sso",
            Self::SsoOidc => "sso-oidc",
        }
    }

    /// The name people know it by.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Ec2 => "EC2",
            Self::Ssm => "Systems Manager",
            Self::Sts => "STS",
            Self::Sso => "the IAM Identity Center portal",
            Self::SsoOidc => "the IAM Identity Center sign-in",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One operation of a service. The counters are a table over these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Operation {
    DescribeInstances,
    DescribeRegions,
    DescribeNetworkInterfaces,
    DescribeSubnets,
    DescribeInstanceInformation,
    GetCallerIdentity,
    AssumeRole,
    AssumeRoleWithWebIdentity,
    GetRoleCredentials,
    CreateToken,
}

impl Operation {
    /// Every operation, in the order of the counters.
    pub const ALL: [Self; 10] = [
        Self::DescribeInstances,
        Self::DescribeRegions,
        Self::DescribeNetworkInterfaces,
        Self::DescribeSubnets,
        Self::DescribeInstanceInformation,
        Self::GetCallerIdentity,
        Self::AssumeRole,
        Self::AssumeRoleWithWebIdentity,
        Self::GetRoleCredentials,
        Self::CreateToken,
    ];

    /// Its place in [`Operation::ALL`].
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// The service it belongs to.
    #[must_use]
    pub fn service(self) -> Service {
        match self {
            Self::DescribeInstances
            | Self::DescribeRegions
            | Self::DescribeNetworkInterfaces
            | Self::DescribeSubnets => Service::Ec2,
            Self::DescribeInstanceInformation => Service::Ssm,
            Self::GetCallerIdentity | Self::AssumeRole | Self::AssumeRoleWithWebIdentity => {
                Service::Sts
            }
            Self::GetRoleCredentials => Service::Sso,
            Self::CreateToken => Service::SsoOidc,
        }
    }

    /// The IAM action, as in `ec2:DescribeInstances`.
    #[must_use]
    pub fn action(self) -> &'static str {
        match self {
            Self::DescribeInstances => "ec2:DescribeInstances",
            Self::DescribeRegions => "ec2:DescribeRegions",
            Self::DescribeNetworkInterfaces => "ec2:DescribeNetworkInterfaces",
            Self::DescribeSubnets => "ec2:DescribeSubnets",
            Self::DescribeInstanceInformation => "ssm:DescribeInstanceInformation",
            Self::GetCallerIdentity => "sts:GetCallerIdentity",
            Self::AssumeRole => "sts:AssumeRole",
            Self::AssumeRoleWithWebIdentity => "sts:AssumeRoleWithWebIdentity",
            Self::GetRoleCredentials => "sso:GetRoleCredentials",
            Self::CreateToken => "sso-oidc:CreateToken",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_stands_at_its_own_place() {
        for (place, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation.index(), place);
            let prefix = format!("{}:", operation.service());
            assert!(operation.action().starts_with(&prefix));
        }
    }
}
