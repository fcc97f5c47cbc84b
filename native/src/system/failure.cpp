#include "failure.h"

#include <system_error>

#if defined(_WIN32)
#include "failure_win32.h"
#endif

namespace hvsock {

// strerrorname_np would do it, but needs glibc 2.32.
std::string errorName(int number) {
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
#if defined(__linux__)
    NAME(EDQUOT) NAME(ESHUTDOWN) NAME(ETOOMANYREFS) NAME(EHOSTDOWN) NAME(EREMOTEIO) NAME(ESTALE)
    NAME(ESOCKTNOSUPPORT) NAME(EPFNOSUPPORT)
#endif
#undef NAME
  }
#if defined(_WIN32)
  if (const char* name = windowsName(number)) return name;
#endif
  return "E" + std::to_string(number);
}

std::string message(const Failure& failure) {
#if defined(_WIN32)
  const bool isWinsock = windowsName(failure.number) != nullptr;
  const std::string system =
      isWinsock ? windowsMessage(failure.number) : std::generic_category().message(failure.number);
#else
  const std::string system = std::generic_category().message(failure.number);
#endif
  const std::string message = failure.message.empty() ? system : failure.message;
  return failure.syscall + (": " + message);
}

}  // namespace hvsock
