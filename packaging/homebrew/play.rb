# Plays what Homebrew does with a formula, as far as that can be without it: reads it,
# runs `install` with programs that are built already, then its test.
#
#     play.rb FORMULA BUILT CELLAR
require "fileutils"
require "open3"
require "pathname"
require "tmpdir"

class Pathname
  def install(*files)
    FileUtils.mkdir_p(self)
    FileUtils.cp(files, self)
  end
end

# What the formula uses of Homebrew's class of this name, and no more: anything else
# fails here.
class Formula
  class << self
    attr_reader :steps

    %i[desc homepage license head depends_on].each { |name| define_method(name) { |*, **| } }

    def test(&steps)
      @steps = steps
    end
  end

  attr_reader :prefix, :version

  def initialize(prefix, version)
    @prefix = Pathname(prefix)
    @version = version
  end

  def bin = prefix/"bin"
  def man1 = prefix/"share/man/man1"

  # The build itself is what made the programs that are given.
  def system(program, *arguments)
    return if program == "cargo" && arguments.first == "build"

    Kernel.system(program.to_s, *arguments.map(&:to_s), exception: true)
  end

  def generate_completions_from_executable(*command)
    %w[bash zsh fish].each do |shell|
      script = shell_output([*command, shell].join(" "))
      raise "no completion for #{shell}" if script.empty?
    end
  end

  def shell_output(command)
    out, status = Open3.capture2(command)
    raise "#{command}: #{status}" unless status.success?

    out
  end

  def assert_match(expected, actual)
    raise "#{expected.inspect} is not in #{actual.inspect}" unless actual.include?(expected)
  end
end

formula, built, cellar = ARGV
load formula
version = File.read("#{__dir__}/../../Cargo.toml")[/^version = "(.*)"/, 1]
played = AwsSsm.new(cellar, version)
Dir.mktmpdir do |dir|
  FileUtils.mkdir_p("#{dir}/target/release")
  FileUtils.cp(%w[aws-ssm aws-ssmd].map { |name| "#{built}/#{name}" }, "#{dir}/target/release")
  Dir.chdir(dir) { played.install }
end
played.instance_eval(&AwsSsm.steps)
raise "no manual" if Dir["#{cellar}/share/man/man1/*.1"].empty?
raise "no caveats" if played.caveats.empty?
