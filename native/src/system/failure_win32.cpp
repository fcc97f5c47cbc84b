#include "failure.h"

#include <winsock2.h>
// needs winsock2.h from above
#include <wbemcli.h>
#include <windows.h>

#include <system_error>

namespace hvsock {
namespace {

// The name of a Winsock code ("WSAECONNREFUSED") or of a WMI HRESULT; null for any other number.
const char* windowsName(int number) {
  switch (number) {
#define NAME(error)              \
  case static_cast<int>(error): \
    return #error;
    NAME(WSAEINTR) NAME(WSAEBADF) NAME(WSAEACCES) NAME(WSAEFAULT) NAME(WSAEINVAL) NAME(WSAEMFILE)
    NAME(WSAEWOULDBLOCK) NAME(WSAEINPROGRESS) NAME(WSAEALREADY) NAME(WSAENOTSOCK) NAME(WSAEDESTADDRREQ)
    NAME(WSAEMSGSIZE) NAME(WSAEPROTOTYPE) NAME(WSAENOPROTOOPT) NAME(WSAEPROTONOSUPPORT)
    NAME(WSAESOCKTNOSUPPORT) NAME(WSAEOPNOTSUPP) NAME(WSAEPFNOSUPPORT) NAME(WSAEAFNOSUPPORT)
    NAME(WSAEADDRINUSE) NAME(WSAEADDRNOTAVAIL) NAME(WSAENETDOWN) NAME(WSAENETUNREACH) NAME(WSAENETRESET)
    NAME(WSAECONNABORTED) NAME(WSAECONNRESET) NAME(WSAENOBUFS) NAME(WSAEISCONN) NAME(WSAENOTCONN)
    NAME(WSAESHUTDOWN) NAME(WSAETIMEDOUT) NAME(WSAECONNREFUSED) NAME(WSAELOOP) NAME(WSAENAMETOOLONG)
    NAME(WSAEHOSTDOWN) NAME(WSAEHOSTUNREACH) NAME(WSASYSNOTREADY) NAME(WSAVERNOTSUPPORTED)
    NAME(WSANOTINITIALISED) NAME(WSAEDISCON) NAME(WSAHOST_NOT_FOUND) NAME(WSATRY_AGAIN)
    NAME(WBEM_E_ACCESS_DENIED) NAME(WBEM_E_INVALID_NAMESPACE) NAME(WBEM_E_INVALID_CLASS)
    NAME(WBEM_E_NOT_FOUND) NAME(WBEM_E_FAILED) NAME(WBEM_E_TRANSPORT_FAILURE) NAME(WBEM_E_SHUTTING_DOWN)
    NAME(WBEM_E_PROVIDER_LOAD_FAILURE) NAME(WBEM_E_CRITICAL_ERROR) NAME(E_ACCESSDENIED)
    NAME(REGDB_E_CLASSNOTREG)
#undef NAME
  }
  return number < 0 ? "HRESULT" : nullptr;
}

// Windows' message for the code, in English if available.
std::string windowsMessage(int number) {
  char number16[32];
  wsprintfA(number16, number < 0 ? "0x%08lX" : "%lu", static_cast<unsigned long>(number));
  constexpr DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
  constexpr DWORD english = MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US);
  char text[256];
  DWORD length = FormatMessageA(flags, nullptr, static_cast<DWORD>(number), english, text, sizeof text, nullptr);
  while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '.')) --length;
  for (DWORD i = 0; i < length; ++i) {
    if (static_cast<unsigned char>(text[i]) > 126) return std::string("code ") + number16;  // this system has no English messages
  }
  return std::string(text, length) + (length > 0 ? " (" : "code ") + number16 + (length > 0 ? ")" : "");
}

}  // namespace

const char* knownErrorName(int number) {
  switch (number) {
#define NAME(error) \
  case error:       \
    return #error;
    NAME(EPERM) NAME(ENOENT) NAME(EINTR) NAME(EIO) NAME(ENXIO) NAME(EBADF) NAME(EAGAIN) NAME(ENOMEM)
    NAME(EACCES) NAME(EFAULT) NAME(EBUSY) NAME(EEXIST) NAME(ENODEV) NAME(ENOTDIR) NAME(EISDIR)
    NAME(EINVAL) NAME(ENFILE) NAME(EMFILE) NAME(ENOTTY) NAME(EFBIG) NAME(ENOSPC) NAME(ESPIPE)
    NAME(EROFS) NAME(EPIPE) NAME(ENAMETOOLONG) NAME(ENOSYS) NAME(ELOOP) NAME(EPROTO) NAME(ENOTSOCK)
    NAME(EDESTADDRREQ) NAME(EMSGSIZE) NAME(EPROTOTYPE) NAME(ENOPROTOOPT) NAME(EPROTONOSUPPORT)
    NAME(EOPNOTSUPP) NAME(EAFNOSUPPORT) NAME(EADDRINUSE) NAME(EADDRNOTAVAIL) NAME(ENETDOWN)
    NAME(ENETUNREACH) NAME(ENETRESET) NAME(ECONNABORTED) NAME(ECONNRESET) NAME(ENOBUFS) NAME(EISCONN)
    NAME(ENOTCONN) NAME(ETIMEDOUT) NAME(ECONNREFUSED) NAME(EHOSTUNREACH) NAME(EALREADY)
    NAME(EINPROGRESS) NAME(ECANCELED)
#undef NAME
  }
  return windowsName(number);
}

std::string errorMeaning(int number) {
  return windowsName(number) != nullptr ? windowsMessage(number) : std::generic_category().message(number);
}

Failure lastWinsock(const char* syscall) { return {WSAGetLastError(), syscall, {}}; }

Failure fromWin32(unsigned long code, const char* syscall) {
  const auto nearest = [code] {
    switch (code) {
      case ERROR_ACCESS_DENIED:
        return EACCES;
      case ERROR_INVALID_HANDLE:
        return EBADF;
      case ERROR_NOT_ENOUGH_MEMORY:
      case ERROR_OUTOFMEMORY:
        return ENOMEM;
      case ERROR_BROKEN_PIPE:
      case ERROR_NO_DATA:
      case ERROR_PIPE_NOT_CONNECTED:
        return EPIPE;
      case ERROR_DISK_FULL:
      case ERROR_HANDLE_DISK_FULL:
        return ENOSPC;
      case ERROR_OPERATION_ABORTED:
        return ECANCELED;
      default:
        return EIO;
    }
  };
  return {nearest(), syscall, windowsMessage(static_cast<int>(code))};
}

Failure lastWin32(const char* syscall) { return fromWin32(GetLastError(), syscall); }

}  // namespace hvsock
