class Vmssh < Formula
  desc {description}
  homepage {homepage}
  version {version}
  license {license}

  depends_on :linux

  on_intel do
    url {url_x64}
    sha256 {sha256_x64}
  end

  on_arm do
    url {url_arm64}
    sha256 {sha256_arm64}
  end

  def install
    bin.install Dir["bin/*"]
    share.install Dir["share/*"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/vmssh --version")
  end
end
