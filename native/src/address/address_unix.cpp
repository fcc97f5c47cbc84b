#if defined(_WIN32)
#include <winsock2.h>
// needs winsock2.h from above
#include <afunix.h>
#else
#include <sys/un.h>
#endif

#include <cstddef>
#include <cstring>

#include "address.h"
#include "../system/failure.h"

namespace hvsock {

// sun_path holds 108 bytes, one of them the NUL: https://man7.org/linux/man-pages/man7/unix.7.html, and in UTF-8
// https://devblogs.microsoft.com/commandline/af_unix-comes-to-windows/
SocketAddress unixAddress(const char* function, const std::string& path) {
  SocketAddress address;
  auto* to = reinterpret_cast<sockaddr_un*>(&address.storage);
  constexpr std::size_t most = sizeof to->sun_path - 1;
  if (path.empty()) throw Failure{EINVAL, function, "address.path must not be empty"};
  if (path.find('\0') != std::string::npos) {
    throw Failure{EINVAL, function, "address.path must not contain a NUL character"};
  }
  if (path.size() > most) {
    throw Failure{ENAMETOOLONG, function,
                  "address.path must have at most " + std::to_string(most) + " bytes, received " +
                      std::to_string(path.size()) + ": \"" + path.substr(0, 2 * most) + "\""};
  }
  to->sun_family = AF_UNIX;
  std::memcpy(to->sun_path, path.c_str(), path.size() + 1);
#if defined(_WIN32)
  address.length = sizeof *to;  // Windows accepts no shorter one
#else
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
#endif
  return address;
}

}  // namespace hvsock
