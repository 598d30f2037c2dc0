//! What the client and the contract may be made of. The client starts for every
//! command, so what it links is paid for every time.

use std::process::Command;

/// The crates that a package is built from, as `name v1.2.3`.
fn tree(package: &str) -> String {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--offline", "--locked", "--prefix", "none"])
        .args(["--edges", "normal", "--package", package])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo can be run");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8(output.stdout).expect("text")
}

fn assert_without(package: &str, beginnings: &[&str]) {
    let tree = tree(package);
    assert!(tree.starts_with(package), "{tree}");
    for name in tree.lines().filter_map(|line| line.split(' ').next()) {
        let forbidden = beginnings
            .iter()
            .find(|beginning| name.starts_with(*beginning));
        assert!(forbidden.is_none(), "{package} is built from {name}");
    }
}

const AWS: [&str; 4] = ["aws-sdk", "aws-config", "aws-smithy", "aws-runtime"];
const TLS: [&str; 5] = ["rustls", "openssl", "native-tls", "aws-lc", "ring"];

#[test]
fn the_client_holds_no_aws_client_no_tls_and_no_http_stack() {
    assert_without("aws-ssm", &AWS);
    assert_without("aws-ssm", &TLS);
    assert_without(
        "aws-ssm",
        &["hyper", "reqwest", "axum", "aws-ssmd", "tracing-subscriber"],
    );
}

#[test]
fn the_contract_knows_neither_aws_clients_nor_command_lines() {
    assert_without("aws-ssm-proto", &AWS);
    assert_without("aws-ssm-proto", &TLS);
    assert_without(
        "aws-ssm-proto",
        &["clap", "hyper", "serde_yaml", "serde-saphyr"],
    );
}

#[test]
fn the_daemon_has_one_tls_and_does_not_link_the_client() {
    assert_without("aws-ssmd", &["openssl-sys", "native-tls", "aws-ssm-tests"]);
    let names = tree("aws-ssmd");
    let is_client = |line: &str| line.starts_with("aws-ssm v");
    assert!(!names.lines().any(is_client), "{names}");
}
