//! Generates the wire types and service stubs, without a `protoc` on the machine.

use prost::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "aws_ssm/v1/challenge.proto",
        "aws_ssm/v1/common.proto",
        "aws_ssm/v1/configuration.proto",
        "aws_ssm/v1/control.proto",
        "aws_ssm/v1/diagnosis.proto",
        "aws_ssm/v1/inventory.proto",
    ];
    for file in files {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, ["."])?;
    // For gRPC reflection.
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("aws_ssm.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_transport(false)
        // Rows stay encoded on both sides: see `wire/page.rs`.
        .extern_path(".aws_ssm.v1.ListInstancesResponse", "crate::wire::Page")
        // These carry secrets, so their Debug is written by hand.
        .skip_debug([
            "aws_ssm.v1.AnswerChallengeRequest",
            "aws_ssm.v1.Caller",
            "aws_ssm.v1.CredentialProcess",
            "aws_ssm.v1.ProcessCredentials",
        ])
        .compile_fds(descriptors)?;
    Ok(())
}
