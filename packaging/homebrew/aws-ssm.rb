# Until there is a release with a checksum it is built from the main branch:
# brew install --HEAD --formula ./packaging/homebrew/aws-ssm.rb
class AwsSsm < Formula
  desc "Answers questions about an EC2 fleet from memory"
  homepage "https://github.com/aws-ssm/aws-ssm"
  license any_of: ["MIT", "Apache-2.0"]
  head "https://github.com/aws-ssm/aws-ssm.git", branch: "main"

  depends_on "rust" => :build

  def install
    system "cargo", "build", "--release", "--locked", "--workspace", "--bins"
    bin.install "target/release/aws-ssm", "target/release/aws-ssmd"
    system bin/"aws-ssm", "-q", "man", "--dir", man1
    generate_completions_from_executable(bin/"aws-ssm", "completion")
  end

  def caveats
    <<~EOS
      As a service of yours (not needed): aws-ssm daemon install
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/aws-ssm --version")
    assert_match "aws-ssm", shell_output("#{bin}/aws-ssm completion bash")
  end
end
