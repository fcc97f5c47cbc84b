class Vmssh < Formula
  desc {description}
  homepage {homepage}
  url {url}
  version {version}
  sha256 {sha256}
  license {license}

  depends_on arch: :x86_64
  depends_on :linux

  def install
    bin.install Dir["bin/*"]
    share.install Dir["share/*"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/vmssh --version")
  end
end
