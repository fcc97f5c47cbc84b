{ lib, stdenvNoCC, fetchurl }:

stdenvNoCC.mkDerivation {
  pname = "vmssh";
  version = {version};

  src = fetchurl {
    url = {url};
    sha256 = {sha256};
  };

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
    platforms = [ "x86_64-linux" ];
    mainProgram = "vmssh";
    sourceProvenance = [ lib.sourceTypes.binaryNativeCode ];
  };
}
