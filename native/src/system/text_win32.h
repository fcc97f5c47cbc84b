#pragma once

#include <string>

namespace hvsock {

// UTF-8 as Windows' own UTF-16, and the reverse: half a surrogate pair becomes U+FFFD.
std::wstring wide(const std::string& text);
std::string narrow(const std::wstring& text);

// The same for a path. One that is too long for the common form becomes absolute, in the form that has no limit.
std::wstring widePath(const std::string& path);

}  // namespace hvsock
