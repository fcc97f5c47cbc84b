{ lib, stdenvNoCC, fetchurl }:

stdenvNoCC.mkDerivation {
  pname = "vmssh";
  version = {version};

  src = fetchurl (
    {
      x86_64-linux = {
        url = {url_x64};
        sha256 = {sha256_x64};
      };
      aarch64-linux = {
        url = {url_arm64};
        sha256 = {sha256_arm64};
      };
    }
    .${stdenvNoCC.hostPlatform.system}
  );

  # It is static and stripped.
  dontConfigure = true;
  dontBuild = true;
  dontFixup = true;

  installPhase = ''
    mkdir -p "$out"
    cp -a bin share "$out/"
  '';

  meta = {
    description = {description};
    homepage = {homepage};
    license = lib.getLicenseFromSpdxId {license};
    platforms = [
      "x86_64-linux"
      "aarch64-linux"
    ];
    mainProgram = "vmssh";
    sourceProvenance = [ lib.sourceTypes.binaryNativeCode ];
  };
}
