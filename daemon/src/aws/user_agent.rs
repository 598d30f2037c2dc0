//! The user agent header, free of the process's environment.

use aws_runtime::user_agent::{ApiMetadata, AwsUserAgent};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::app_name::AppName;
use aws_types::os_shim_internal::Env;

/// Stores the user agent before the SDK would make its own, which sends along
/// `AWS_EXECUTION_ENV` of whoever started the daemon.
#[derive(Debug)]
pub(super) struct PlainUserAgent;

impl Intercept for PlainUserAgent {
    fn name(&self) -> &'static str {
        "PlainUserAgent"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(api) = cfg.load::<ApiMetadata>() else {
            return Ok(());
        };
        let mut agent = AwsUserAgent::new_from_environment(Env::from_slice(&[]), api.clone());
        if let Some(name) = cfg.load::<AppName>() {
            agent.set_app_name(name.clone());
        }
        cfg.interceptor_state().store_put(agent);
        Ok(())
    }
}
