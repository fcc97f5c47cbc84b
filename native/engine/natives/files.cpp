#include <algorithm>
#include <memory>

#include "modules.h"
#include "of_system.h"

namespace engine {
namespace {

JSValue open(Call& call) {
  const std::string path = call.word(0);
  return JS_NewInt32(call.js, files::open(path, call.integer(1), call.integer(2)));
}

// Reads up to that many bytes; none at end-of-file.
JSValue read(Call& call) {
  constexpr int most = 1 << 20;
  const auto size = static_cast<std::size_t>(std::clamp(call.integer(1), 0, most));
  const std::unique_ptr<char[]> buffer(new char[size]);
  return newBytes(call.js, buffer.get(), files::read(call.integer(0), buffer.get(), size));
}

// Fills the bytes that JavaScript gives, as far as there are some: how many.
JSValue readInto(Call& call) {
  const auto [data, length] = call.bytes(1);
  const std::size_t got = files::read(call.integer(0), const_cast<std::uint8_t*>(data), length);
  return JS_NewInt64(call.js, static_cast<std::int64_t>(got));
}

// As many bytes as the system accepts at once.
JSValue write(Call& call) {
  const auto [data, length] = call.bytes(1);
  return JS_NewInt64(call.js, static_cast<std::int64_t>(files::write(call.integer(0), data, length)));
}

JSValue fstat(Call& call) { return newStat(call.js, files::fstat(call.integer(0))); }

JSValue fstatIdentity(Call& call) { return newIdentity(call.js, files::fstat(call.integer(0))); }

JSValue fchown(Call& call) {
  files::fchown(call.integer(0), static_cast<std::uint32_t>(call.number(1)), static_cast<std::uint32_t>(call.number(2)));
  return JS_UNDEFINED;
}

JSValue fchmod(Call& call) {
  files::fchmod(call.integer(0), call.integer(1));
  return JS_UNDEFINED;
}

template <void (*body)(int)>
JSValue ofDescriptor(Call& call) {
  body(call.integer(0));
  return JS_UNDEFINED;
}

constexpr Native functions[] = {
    {"open", native<open>},
    {"close", native<ofDescriptor<files::close>>},
    {"read", native<read>},
    {"readInto", native<readInto>},
    {"write", native<write>},
    {"fstat", native<fstat>},
    {"fstatIdentity", native<fstatIdentity>},
    {"fchmod", native<fchmod>},
    {"fchown", native<fchown>},
    {"fsync", native<ofDescriptor<files::fsync>>},
    {"setNonblocking", native<ofDescriptor<files::setNonblocking>>},
};

}  // namespace

const NativeModule filesModule = nativeModule("engine:files", functions);

}  // namespace engine
