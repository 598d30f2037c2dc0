//! What hands out credentials beside STS.

use std::fmt;
use std::path::PathBuf;

use super::{ContainerPlan, InstancePlan, SsoPlan};

/// Something other than STS that hands out credentials.
#[derive(Clone, Debug)]
pub enum SourcePlan {
    /// The portal of IAM Identity Center.
    Sso(Box<SsoPlan>),
    /// The instance this runs on.
    Instance(Box<InstancePlan>),
    /// The container this runs in.
    Container(Box<ContainerPlan>),
}

impl fmt::Display for SourcePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sso(plan) => plan.fmt(f),
            Self::Instance(plan) => plan.fmt(f),
            Self::Container(plan) => plan.fmt(f),
        }
    }
}

impl SourcePlan {
    /// The file whose content decides the credentials, if one does. The token that a
    /// container shows changes every hour and says nothing of its role.
    pub(super) fn token_file(&self) -> Option<&PathBuf> {
        match self {
            Self::Sso(plan) => Some(&plan.token_file),
            Self::Instance(_) | Self::Container(_) => None,
        }
    }
}
