#include <dlfcn.h>

#include "successor.h"

namespace hvsock {

// In the folder of the file that this code was loaded from, and nowhere else. Empty where that file was loaded by a
// relative path, which would depend on the working directory.
std::string relayProgram() {
  Dl_info self{};
  if (dladdr(reinterpret_cast<const void*>(&relayProgram), &self) == 0 || self.dli_fname == nullptr) return {};
  const std::string addon = self.dli_fname;
  if (addon.empty() || addon.front() != '/') return {};
  return addon.substr(0, addon.rfind('/') + 1) + "vmssh-relay";
}

}  // namespace hvsock
