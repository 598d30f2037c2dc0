//! Callers behind proxies, behind certificates of their own, and at AWS's other
//! endpoints: each has the network of its own terminal.

use std::net::SocketAddr;
use std::path::PathBuf;

use aws_ssm_tests::harness::{ForwardProxy, Home, Programs, TlsFront};
use aws_ssm_tests::sandbox::{MARK, Sandbox};

use crate::stage::{REGION, assert_refused, listed, programs, sandbox, sorted};

/// AWS behind TLS that no machine trusts, and a proxy that leads everybody there.
struct World {
    sandbox: Sandbox,
    front: TlsFront,
    proxy: ForwardProxy,
    /// Where the certificates are.
    _home: Home,
}

/// `user:password`, and what a proxy must be shown for it.
fn password() -> (String, String) {
    let user = format!("ada:{MARK}");
    let shown = base64(user.as_bytes());
    (user, shown)
}

/// As RFC 4648 has it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |chunk: &[u8]| {
        let three = [0, 1, 2].map(|n| u32::from(chunk.get(n).copied().unwrap_or_default()));
        let bits = three[0] << 16 | three[1] << 8 | three[2];
        let digit = |n: usize| match n <= chunk.len() {
            true => char::from(DIGITS[(bits >> (18 - 6 * n) & 63) as usize]),
            false => '=',
        };
        [0, 1, 2, 3].map(digit)
    };
    bytes.chunks(3).flat_map(digits).collect()
}

async fn world(password: Option<&str>) -> World {
    let sandbox = sandbox().await;
    let plain: SocketAddr = sandbox.endpoint()["http://".len()..]
        .parse()
        .expect("an address");
    let home = Home::new();
    let front = TlsFront::start(plain, home.path()).await;
    let proxy = ForwardProxy::start(plain, front.address(), password).await;
    World {
        sandbox,
        front,
        proxy,
        _home: home,
    }
}

impl World {
    /// The keys of the first account, and no endpoint: AWS's own are meant.
    fn programs(&self) -> Programs {
        let account = self.sandbox.account(0);
        programs()
            .with("AWS_ACCESS_KEY_ID", &account.access_key)
            .with("AWS_SECRET_ACCESS_KEY", &account.secret_key)
            .with("AWS_REGION", REGION)
    }

    fn ca_bundle(&self) -> String {
        self.front.ca_bundle().display().to_string()
    }

    fn fleet(&self) -> Vec<String> {
        listed(&self.sandbox, 0, REGION)
    }

    /// How many tunnels lead to a host.
    fn tunnels(&self, host: &str) -> usize {
        let tunnel = format!("CONNECT {host}:443");
        let asked = self.proxy.asked();
        asked.iter().filter(|asked| **asked == tunnel).count()
    }
}

const LIST: [&str; 3] = ["list", "-o", "ids"];

#[tokio::test]
async fn a_tunnel_with_a_password_and_a_ca_of_its_own_leads_to_aws() {
    let (user, shown) = password();
    let world = world(Some(&shown)).await;
    let programs = world
        .programs()
        .with("HTTPS_PROXY", world.proxy.url_for(&user))
        .with("AWS_CA_BUNDLE", world.ca_bundle());
    let list = programs.run(&LIST).await;
    assert_eq!(list.code(), 0, "{list:?}");
    assert_eq!(sorted(list.lines()), world.fleet());
    for service in ["sts", "ec2"] {
        let host = format!("{service}.{REGION}.amazonaws.com");
        assert_eq!(world.tunnels(&host), 1, "{host}");
    }

    // The next call needs no new tunnel.
    programs.run(&["list", "--fresh"]).await;
    assert_eq!(world.sandbox.counts().of("DescribeInstances"), 2);
    assert_eq!(world.tunnels(&format!("ec2.{REGION}.amazonaws.com")), 1);
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_is_named_without_it() {
    let (user, _) = password();
    let world = world(Some("something else")).await;
    let programs = world
        .programs()
        .with("https_proxy", world.proxy.url_for(&user))
        .with("AWS_CA_BUNDLE", world.ca_bundle());
    let refused = programs.run(&LIST).await;
    let named = format!("the proxy {}: ", world.proxy.url());
    assert_refused(&refused, 5, &["cannot reach STS", &named, "HTTPS_PROXY"]);
    assert!(!refused.stderr.contains("ada"), "{refused:?}");
    assert_eq!(world.sandbox.counts().total(), 0);
}

#[tokio::test]
async fn a_proxy_that_is_reached_over_tls_leads_on_both_ways() {
    let world = world(None).await;
    let home = Home::new();
    let secret = TlsFront::start(world.proxy.address(), home.path()).await;
    // One bundle for both: the proxy's authority is another than AWS's.
    let both = [secret.ca_bundle(), world.front.ca_bundle()];
    let both = both.map(|file| std::fs::read_to_string(file).expect("certificates"));
    let bundle = home.write("both.pem", &both.concat());
    let mut programs = world
        .programs()
        .with("AWS_CA_BUNDLE", bundle.display().to_string())
        .with("HTTPS_PROXY", secret.url());
    let list = programs.run(&LIST).await;
    assert_eq!(sorted(list.lines()), world.fleet(), "{list:?}");
    assert_eq!(world.tunnels(&format!("sts.{REGION}.amazonaws.com")), 1);

    programs.set("HTTP_PROXY", secret.url());
    programs.set("AWS_ENDPOINT_URL", world.sandbox.endpoint());
    let list = programs.run(&LIST).await;
    assert_eq!(sorted(list.lines()), world.fleet(), "{list:?}");
    let plain = format!("POST {}/", world.sandbox.endpoint());
    assert!(world.proxy.asked().contains(&plain));
}

#[tokio::test]
async fn a_proxy_that_hangs_is_named_in_time() {
    let world = world(None).await;
    // It takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address");
    let programs = world.programs().with("HTTPS_PROXY", address.to_string());
    programs
        .home
        .write("config.yaml", "resilience:\n  max_attempts: 1\n");
    let refused = programs.run(&LIST).await;
    let named = format!("through the proxy http://{address}");
    assert_refused(&refused, 5, &["did not answer in time", &named]);
}

#[tokio::test]
async fn two_terminals_with_other_proxies_share_no_connection() {
    let world = world(None).await;
    let endpoint = world.sandbox.endpoint();
    let mut programs = world.programs().with("AWS_ENDPOINT_URL", &endpoint);
    let list = programs.run(&LIST).await;
    assert_eq!(sorted(list.lines()), world.fleet(), "{list:?}");
    assert!(world.proxy.asked().is_empty());

    programs.set("HTTP_PROXY", world.proxy.url());
    let list = programs.run(&LIST).await;
    assert_eq!(sorted(list.lines()), world.fleet(), "{list:?}");
    assert_eq!(world.proxy.asked(), [format!("POST {endpoint}/")]);
    let loads = world.sandbox.counts().of("DescribeInstances");
    assert_eq!(loads, 1, "the data is that of one principal");

    // Where nobody listens, nobody is reached, whoever else is.
    programs.set("HTTP_PROXY", "127.0.0.1:9");
    let refused = programs.run(&["list", "--fresh"]).await;
    assert_refused(
        &refused,
        5,
        &["cannot reach STS", "the proxy http://127.0.0.1:9: "],
    );

    programs.set("NO_PROXY", "localhost, 127.0.0.0/8");
    let list = programs.run(&["list", "-o", "ids", "--fresh"]).await;
    assert_eq!(sorted(list.lines()), world.fleet(), "{list:?}");
}

#[tokio::test]
async fn a_ca_bundle_stands_in_the_place_of_the_machines_certificates() {
    let world = world(None).await;
    let programs = world.programs().with("AWS_ENDPOINT_URL", world.front.url());
    let refused = programs.run(&LIST).await;
    assert_refused(
        &refused,
        5,
        &["is not trusted", "ca_bundle or AWS_CA_BUNDLE"],
    );

    let certificates = std::fs::read_to_string(world.front.ca_bundle()).expect("a file");
    let bundle: PathBuf = programs.home.write("ca.pem", "not yet");
    let named = bundle.display().to_string();
    programs
        .home
        .write(".aws/config", "[default]\nca_bundle = ~/ca.pem\n");
    let refused = programs.run(&LIST).await;
    assert_refused(&refused, 2, &[&named, "it holds no certificate"]);

    // Mended, it serves from the next call on.
    programs.home.write("ca.pem", &certificates);
    let list = programs.run(&LIST).await;
    assert_eq!(sorted(list.lines()), world.fleet(), "{list:?}");

    std::fs::remove_file(bundle).expect("removed");
    let refused = programs.run(&LIST).await;
    assert_refused(&refused, 2, &[&named, "there is no such file"]);
}

#[tokio::test]
async fn fips_and_dual_stack_are_endpoints_of_their_own() {
    let world = world(None).await;
    let mut programs = world
        .programs()
        .with("HTTPS_PROXY", world.proxy.url())
        .with("AWS_CA_BUNDLE", world.ca_bundle())
        .with("AWS_USE_FIPS_ENDPOINT", "true");
    let list = programs.run(&LIST).await;
    assert_eq!(sorted(list.lines()), world.fleet(), "{list:?}");
    for service in ["sts-fips", "ec2-fips"] {
        let host = format!("{service}.{REGION}.amazonaws.com");
        assert_eq!(world.tunnels(&host), 1, "{host}");
    }

    programs.unset("AWS_USE_FIPS_ENDPOINT");
    programs
        .home
        .write(".aws/config", "[default]\nuse_dualstack_endpoint = true\n");
    let list = programs.run(&LIST).await;
    assert_eq!(sorted(list.lines()), world.fleet(), "{list:?}");
    for service in ["sts", "ec2"] {
        let host = |end: &str| format!("{service}.{REGION}.{end}");
        assert_eq!(world.tunnels(&host("api.aws")), 1);
        assert_eq!(world.tunnels(&host("amazonaws.com")), 0);
    }
    let loads = world.sandbox.counts().of("DescribeInstances");
    assert_eq!(loads, 2, "data belongs to the endpoints it came from");

    // An endpoint of one's own is no FIPS endpoint of AWS.
    programs.set("AWS_USE_FIPS_ENDPOINT", "true");
    programs.set("AWS_ENDPOINT_URL", world.sandbox.endpoint());
    let refused = programs.run(&LIST).await;
    assert_refused(&refused, 2, &["FIPS"]);
    programs.set("AWS_USE_FIPS_ENDPOINT", "yes");
    let refused = programs.run(&LIST).await;
    assert_refused(
        &refused,
        2,
        &["AWS_USE_FIPS_ENDPOINT is neither true nor false"],
    );
}
