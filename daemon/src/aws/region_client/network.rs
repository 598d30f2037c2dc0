//! Calls that tell how instances are connected.

use aws_sdk_ec2::operation::describe_network_interfaces::DescribeNetworkInterfacesError;
use aws_sdk_ec2::operation::describe_subnets::DescribeSubnetsError;
use aws_sdk_ec2::types::Subnet;
use tokio::time::Instant;

use super::{Page, PageRequest, RegionClient};
use crate::aws::error::sdk::from_sdk;
use crate::aws::filter::for_sdk;
use crate::aws::streamed::Streamed;
use crate::aws::{ApiError, Operation, Projection};
use crate::resilience::Attempts;

/// What a page of interfaces looks like to the SDK when we have read it.
const NO_INTERFACES: &str = "<DescribeNetworkInterfacesResponse/>";
/// As many as EC2 gives at a time.
const SUBNETS_PER_PAGE: i32 = 1000;

impl RegionClient {
    /// One page of the network interfaces that pass the filters, as what `begin` makes projects it.
    ///
    /// # Errors
    /// As every AWS call: see [`crate::aws::ErrorClass`].
    pub async fn describe_network_interfaces<P, T>(
        &self,
        page: PageRequest,
        begin: impl Fn() -> P + Send + Sync + 'static,
        deadline: Instant,
    ) -> Result<Page<T>, ApiError>
    where
        P: Projection<Output = Page<T>>,
    {
        let operation = Operation::DescribeNetworkInterfaces;
        let asked = page.token.clone();
        let streamed = Streamed::new(NO_INTERFACES, begin);
        let reading = streamed.clone();
        let send = |attempts: Attempts| async move {
            let sent = self
                .ec2
                .describe_network_interfaces()
                .set_next_token(page.token)
                .set_max_results(page.size.map(i32::from))
                .set_filters(for_sdk(&page.filters))
                .customize()
                .interceptor(attempts.probe::<DescribeNetworkInterfacesError>())
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

    /// One page of all subnets.
    ///
    /// # Errors
    /// As every AWS call: see [`crate::aws::ErrorClass`].
    pub async fn describe_subnets(
        &self,
        token: Option<String>,
        deadline: Instant,
    ) -> Result<Page<Vec<Subnet>>, ApiError> {
        let operation = Operation::DescribeSubnets;
        let asked = token.clone();
        let send = |attempts: Attempts| async move {
            let sent = self
                .ec2
                .describe_subnets()
                .set_next_token(token)
                .max_results(SUBNETS_PER_PAGE)
                .customize()
                .interceptor(attempts.probe::<DescribeSubnetsError>())
                .send()
                .await;
            sent.map_err(|error| from_sdk(operation, self.region(), attempts.endpoint(), &error))
        };
        let answer = self.call(operation, deadline, send).await?;
        let (subnets, next) = (answer.subnets, answer.next_token);
        self.page(operation, asked, subnets.unwrap_or_default(), next)
    }
}
