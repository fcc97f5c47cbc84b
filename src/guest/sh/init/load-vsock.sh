# The kernel loads AF_VSOCK when the socket is made; this loads it now to check it.
load_vsock() {
  if ! has_vsock; then modprobe -q vsock 2>/dev/null; fi
  if device=$(vsock_device) && ! transport_loaded "${device#* }"; then modprobe -q "${device#* }" 2>/dev/null; fi
  return 0
}
