#include <algorithm>
#include <memory>

#include "modules.h"
#include "of_system.h"

namespace engine {
namespace {

// Rounded as Node does: seconds and the rest by themselves.
double ms(std::int64_t nanoseconds) {
  constexpr std::int64_t perSecond = 1'000'000'000;
  const std::int64_t rest = (nanoseconds % perSecond + perSecond) % perSecond;
  return static_cast<double>((nanoseconds - rest) / perSecond) * 1e3 + static_cast<double>(rest) / 1e6;
}

// What src/engine/files.ts makes a Stats of: dev, ino, mode, nlink, uid, gid, size, and milliseconds of the last
// change of the content.
JSValue newStat(JSContext* js, const Stat& found) {
  const double numbers[] = {
      static_cast<double>(found.device),
      static_cast<double>(found.index),
      static_cast<double>(found.mode),
      static_cast<double>(found.links),
      static_cast<double>(found.user),
      static_cast<double>(found.group),
      static_cast<double>(found.size),
      ms(found.written),
  };
  Value array(js, checked(JS_NewArray(js)));
  std::uint32_t index = 0;
  for (const double number : numbers) append(js, array.get(), index++, JS_NewNumber(js, number));
  return array.release();
}

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

constexpr Native ofFiles[] = {
    {"open", native<open>},
    {"close", native<ofDescriptor<files::close>>},
    {"read", native<read>},
    {"readInto", native<readInto>},
    {"write", native<write>},
    {"fstat", native<fstat>},
    {"fchmod", native<fchmod>},
    {"fchown", native<fchown>},
    {"fsync", native<ofDescriptor<files::fsync>>},
    {"setNonblocking", native<ofDescriptor<files::setNonblocking>>},
};

JSValue run(Call& call, void (*body)(const std::string&)) {
  body(call.word(0));
  return JS_UNDEFINED;
}

JSValue run(Call& call, void (*body)(const std::string&, int)) {
  body(call.word(0), call.integer(1));
  return JS_UNDEFINED;
}

JSValue run(Call& call, void (*body)(const std::string&, const std::string&)) {
  body(call.word(0), call.word(1));
  return JS_UNDEFINED;
}

JSValue run(Call& call, std::string (*body)(const std::string&)) {
  const std::string text = body(call.word(0));
  return fromSystem(call.js, text.data(), text.size());
}

JSValue run(Call& call, Stat (*body)(const std::string&)) { return newStat(call.js, body(call.word(0))); }

template <auto body>
JSValue ofPath(Call& call) {
  return run(call, body);
}

JSValue exists(Call& call) { return JS_NewBool(call.js, paths::exists(call.word(0))); }

JSValue readdir(Call& call) {
  Value array(call.js, checked(JS_NewArray(call.js)));
  std::uint32_t index = 0;
  for (const std::string& name : paths::entries(call.word(0))) {
    append(call.js, array.get(), index++, fromSystem(call.js, name.data(), name.size()));
  }
  return array.release();
}

constexpr Native ofPaths[] = {
    {"stat", native<ofPath<paths::stat>>},
    {"lstat", native<ofPath<paths::lstat>>},
    {"access", native<ofPath<paths::access>>},
    {"exists", native<exists>},
    {"readdir", native<readdir>},
    {"readlink", native<ofPath<paths::readlink>>},
    {"realpath", native<ofPath<paths::realpath>>},
    {"mkdir", native<ofPath<paths::mkdir>>},
    {"mkdtemp", native<ofPath<paths::mkdtemp>>},
    {"rename", native<ofPath<paths::rename>>},
    {"unlink", native<ofPath<paths::unlink>>},
    {"rmdir", native<ofPath<paths::rmdir>>},
    {"symlink", native<ofPath<paths::symlink>>},
};

}  // namespace

const NativeModule filesModule = nativeModule("engine:files", ofFiles);
const NativeModule pathsModule = nativeModule("engine:paths", ofPaths);

}  // namespace engine
