//! How AWS is reached on behalf of one caller.

use super::network::Network;

/// Which of AWS's own endpoints, and over which network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Route {
    /// Which of the endpoints of a region.
    pub variant: Variant,
    /// Proxies and trusted certificates.
    pub network: Network,
}

/// Which of the endpoints that AWS has for a service in a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Those with validated cryptography.
    pub fips: bool,
    /// Those that IPv6 reaches, too.
    pub dual_stack: bool,
}
