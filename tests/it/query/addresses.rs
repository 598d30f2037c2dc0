//! Every address that the local AWS has, looked for in each way that the language has.

use std::net::IpAddr;

use aws_ssm_proto::Client;
use aws_ssm_proto::domain::{Caller, ListQuery};
use aws_ssm_tests::harness::{TestDaemon, list_ids};
use aws_ssm_tests::sandbox::{Sandbox, SandboxConfig};

use crate::stage::{REGION, first_caller, small};

async fn found(client: &Client, caller: &Caller, term: String) -> Vec<String> {
    let query = ListQuery {
        terms: vec![term],
        all_states: true,
        ..ListQuery::default()
    };
    list_ids(client, caller, query).await.expect("a list").0
}

#[tokio::test]
async fn an_instance_is_found_by_each_of_its_addresses() {
    // Private addresses are unique in it, so that each names one instance.
    let config = SandboxConfig {
        instances: 120,
        ..small()
    };
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let daemon = TestDaemon::start("").await;
    let client = daemon.client().await;
    let caller = first_caller(&sandbox);
    let fleet = sandbox.instances(&sandbox.account(0).id, REGION);
    let (mut six, mut secondary) = (0, 0);
    for instance in fleet.expect("a fleet") {
        let own = [instance.id.clone()];
        for address in &instance.addresses {
            let by_key = found(&client, &caller, format!("ip:{address}")).await;
            assert_eq!(by_key, own, "{address}");
            match address {
                IpAddr::V4(_) => {
                    secondary += usize::from(Some(*address) != instance.private_ip.map(Into::into));
                }
                IpAddr::V6(one) => {
                    six += 1;
                    // In full, and as a word, which must be protected.
                    let [a, b, c, d, e, f, g, h] = one.segments();
                    let full = format!("ip:{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{f:x}:{g:x}:{h:x}");
                    assert_eq!(found(&client, &caller, full).await, own, "{address}");
                    let word = format!("\"{address}\"");
                    assert_eq!(found(&client, &caller, word).await, own, "{address}");
                }
            }
        }
    }
    assert!(six > 5 && secondary > 5, "{six} {secondary}");
    drop(client);
    daemon.stop().await;
}
