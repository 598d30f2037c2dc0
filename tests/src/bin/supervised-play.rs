//! Plays one of `aws_ssm_tests::supervised` under the user manager it was started in.

#[tokio::main]
async fn main() {
    let name = std::env::args().nth(1).expect("the name of a play");
    aws_ssm_tests::supervised::play(&name).await;
}
