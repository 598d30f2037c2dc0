//! Typed calls to EC2 and Systems Manager in one region, in one name.
//!
//! Answers come a page at a time, so that the caller can drop each page before the
//! next is asked for. Instances are many, and read while they arrive; the others
//! are handed on as the SDK read them.

mod network;

use std::sync::Arc;

use aws_sdk_ec2::operation::describe_instances::DescribeInstancesError;
use aws_sdk_ec2::operation::describe_regions::DescribeRegionsError;
use aws_sdk_ssm::operation::describe_instance_information::DescribeInstanceInformationError;
use aws_sdk_ssm::types::InstanceInformation;
use aws_ssm_proto::domain::Region;
use aws_types::SdkConfig;
use tokio::time::Instant;

use super::error::sdk::from_sdk;
use super::filter::{Filters, for_sdk};
use super::skew::Skew;
use super::streamed::Streamed;
use super::user_agent::PlainUserAgent;
use super::{ApiError, Connector, ErrorClass, Operation, Projection, Service};
use crate::identity::{Unverified, VerifiedIdentity};
use crate::resilience::{Attempts, CallTarget, Resilience};

/// What a page of instances looks like to the SDK when we have read it.
const NO_INSTANCES: &str = "<DescribeInstancesResponse/>";
/// Systems Manager gives no more than this at a time.
const AGENTS_PER_PAGE: i32 = 50;

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// From the page before; absent for the first.
    pub token: Option<String>,
    /// Things on a page, 5 to 1000 for EC2; absent: as AWS likes.
    pub size: Option<u16>,
    /// What to choose by; the same for all pages of a list.
    pub filters: Filters,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// What is on it.
    pub items: T,
    /// Asks for the next page; absent on the last.
    pub next: Option<String>,
}

/// The clients of one identity in one region.
#[derive(Debug)]
pub struct RegionClient {
    target: CallTarget,
    ec2: aws_sdk_ec2::Client,
    ssm: aws_sdk_ssm::Client,
    resilience: Arc<Resilience>,
}

impl RegionClient {
    pub(super) fn new(
        connector: &Connector,
        resilience: Arc<Resilience>,
        identity: &VerifiedIdentity,
        region: &str,
    ) -> Self {
        let config = |service| {
            let endpoint = identity.endpoint(service);
            connector.sdk_config(
                region,
                endpoint,
                identity.route(),
                Some(identity.credentials()),
            )
        };
        Self::from_configs(resilience, identity.call_target(region), config)
    }

    /// For calls with credentials whose principal is not known yet.
    pub(super) fn unverified(
        connector: &Connector,
        resilience: Arc<Resilience>,
        caller: &Unverified,
        region: &str,
    ) -> Self {
        let config = |service| {
            let endpoint = caller.endpoint(service);
            connector.sdk_config(region, endpoint, caller.route(), Some(caller.credentials()))
        };
        Self::from_configs(resilience, caller.call_target(region), config)
    }

    fn from_configs(
        resilience: Arc<Resilience>,
        target: CallTarget,
        config: impl Fn(Service) -> SdkConfig,
    ) -> Self {
        let ec2 = aws_sdk_ec2::config::Builder::from(&config(Service::Ec2))
            .retry_partition(resilience.retry_partition(&target, Service::Ec2))
            .retry_classifier(Skew)
            .interceptor(Skew)
            .interceptor(PlainUserAgent)
            .build();
        let ssm = aws_sdk_ssm::config::Builder::from(&config(Service::Ssm))
            .retry_partition(resilience.retry_partition(&target, Service::Ssm))
            .retry_classifier(Skew)
            .interceptor(Skew)
            .interceptor(PlainUserAgent)
            .build();
        Self {
            ec2: aws_sdk_ec2::Client::from_conf(ec2),
            ssm: aws_sdk_ssm::Client::from_conf(ssm),
            target,
            resilience,
        }
    }

    /// The region's name.
    #[must_use]
    pub fn region(&self) -> &str {
        self.target.region()
    }

    /// One page of the instances that pass the filters, as what `begin` makes projects it.
    ///
    /// # Errors
    /// As every AWS call: see [`ErrorClass`].
    pub async fn describe_instances<P, T>(
        &self,
        page: PageRequest,
        begin: impl Fn() -> P + Send + Sync + 'static,
        deadline: Instant,
    ) -> Result<Page<T>, ApiError>
    where
        P: Projection<Output = Page<T>>,
    {
        let operation = Operation::DescribeInstances;
        let asked = page.token.clone();
        let streamed = Streamed::new(NO_INSTANCES, begin);
        let reading = streamed.clone();
        let send = |attempts: Attempts| async move {
            let sent = self
                .ec2
                .describe_instances()
                .set_next_token(page.token)
                .set_max_results(page.size.map(i32::from))
                .set_filters(for_sdk(&page.filters))
                .customize()
                .interceptor(attempts.probe::<DescribeInstancesError>())
                .interceptor(reading.clone())
                .send()
                .await;
            sent.map_err(|error| {
                let error = from_sdk(operation, self.region(), attempts.endpoint(), &error);
                reading.explain(error)
            })
        };
        self.call(operation, deadline, send).await?;
        let answer = streamed.output().expect("a good answer has been read");
        self.page(operation, asked, answer.items, answer.next)
    }

    /// Takes the outcome of a call that was made with the same credentials before it
    /// was known whose they are for one of its own.
    pub fn learn<T>(&self, operation: Operation, outcome: &Result<T, ApiError>) {
        self.resilience.learn(&self.target, operation, outcome);
    }

    /// The regions that are enabled for the account, by name.
    ///
    /// # Errors
    /// As every AWS call: see [`ErrorClass`].
    pub async fn describe_regions(&self, deadline: Instant) -> Result<Vec<Region>, ApiError> {
        let operation = Operation::DescribeRegions;
        let send = |attempts: Attempts| async move {
            let sent = self
                .ec2
                .describe_regions()
                .customize()
                .interceptor(attempts.probe::<DescribeRegionsError>())
                .send()
                .await;
            sent.map_err(|error| from_sdk(operation, self.region(), attempts.endpoint(), &error))
        };
        let answer = self.call(operation, deadline, send).await?;
        let given = answer.regions.unwrap_or_default().into_iter();
        let mut regions: Vec<_> = given
            .map(|region| Region {
                name: region.region_name.unwrap_or_default(),
                endpoint: region.endpoint.unwrap_or_default(),
                opt_in_status: region.opt_in_status.unwrap_or_default(),
            })
            .collect();
        regions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(regions)
    }

    /// One page of the nodes that have an agent, 50 at most.
    ///
    /// # Errors
    /// As every AWS call: see [`ErrorClass`].
    pub async fn describe_instance_information(
        &self,
        token: Option<String>,
        deadline: Instant,
    ) -> Result<Page<Vec<InstanceInformation>>, ApiError> {
        let operation = Operation::DescribeInstanceInformation;
        let asked = token.clone();
        let send = |attempts: Attempts| async move {
            let sent = self
                .ssm
                .describe_instance_information()
                .set_next_token(token)
                .max_results(AGENTS_PER_PAGE)
                .customize()
                .interceptor(attempts.probe::<DescribeInstanceInformationError>())
                .send()
                .await;
            sent.map_err(|error| from_sdk(operation, self.region(), attempts.endpoint(), &error))
        };
        let answer = self.call(operation, deadline, send).await?;
        self.page(
            operation,
            asked,
            answer.instance_information_list.unwrap_or_default(),
            answer.next_token,
        )
    }

    async fn call<T, F, Fut>(
        &self,
        operation: Operation,
        deadline: Instant,
        send: F,
    ) -> Result<T, ApiError>
    where
        F: FnOnce(Attempts) -> Fut,
        Fut: Future<Output = Result<T, ApiError>>,
    {
        self.resilience
            .call(&self.target, operation, deadline, send)
            .await
    }

    /// A page that names itself as the next would be asked for forever.
    fn page<T>(
        &self,
        operation: Operation,
        asked: Option<String>,
        items: T,
        next: Option<String>,
    ) -> Result<Page<T>, ApiError> {
        let next = next.filter(|token| !token.is_empty());
        if next.is_some() && next == asked {
            let message = "the next page is the same page again";
            return Err(ApiError::new(
                ErrorClass::Nonsense,
                operation,
                self.region(),
                message,
            ));
        }
        Ok(Page { items, next })
    }
}

#[cfg(test)]
mod tests;
