#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include <vector>

#include "../../../src/system/failure.h"
#include "../../core/program.h"
#include "../../natives/modules.h"
#include "../handles/console.h"
#include "../handles/handles.h"
#include "../core/names.h"
#include "../core/random.h"
#include "../core/text.h"

namespace engine {
namespace {

JSValue newTexts(JSContext* js, const std::vector<std::string>& texts) {
  Value array(js, checked(JS_NewArray(js)));
  std::uint32_t index = 0;
  for (const std::string& text : texts) append(js, array.get(), index++, fromText(js, text));
  return array.release();
}

JSValue platform(Call& call) { return JS_NewString(call.js, "win32"); }

JSValue commandLine(Call& call) {
  const Start& start = Program::of(call.js).start();
  return newTexts(call.js, {start.words, start.words + start.count});
}

// "NAME=value" each.
JSValue environment(Call& call) {
  std::vector<std::string> pairs;
  const std::unique_ptr<wchar_t, decltype(&FreeEnvironmentStringsW)> block(GetEnvironmentStringsW(),
                                                                           FreeEnvironmentStringsW);
  for (const wchar_t* at = block.get(); at != nullptr && *at != L'\0';) {
    const std::wstring pair = at;
    pairs.push_back(narrow(pair));
    at += pair.size() + 1;
  }
  return newTexts(call.js, pairs);
}

JSValue workingFolder(Call& call) {
  std::wstring path(32768, L'\0');
  const DWORD length = GetCurrentDirectoryW(static_cast<DWORD>(path.size()), path.data());
  if (length == 0 || length >= path.size()) throw lastFailure("uv_cwd");
  path.resize(length);
  return fromText(call.js, narrow(path));
}

JSValue programPath(Call& call) {
  std::wstring path(32768, L'\0');
  path.resize(GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size())));
  return fromText(call.js, narrow(path));
}

JSValue engineVersion(Call& call) { return JS_NewString(call.js, JS_GetVersion()); }

JSValue exit(Call& call) { Program::of(call.js).end(call.integer(0)); }

JSValue atStart(Call& call) {
  Program::of(call.js).atStart(call.function(0), call.function(1));
  return JS_UNDEFINED;
}

JSValue setExitCode(Call& call) {
  Program::of(call.js).exitCode = call.integer(0);
  return JS_UNDEFINED;
}

JSValue pid(Call& call) { return JS_NewInt32(call.js, static_cast<int>(GetCurrentProcessId())); }

// Windows has users of another kind: as Node has it.
JSValue noUser(Call& call) { return JS_NewInt32(call.js, -1); }

// Each errno's name, and each of Winsock's; "" for a number that has none.
JSValue errorNames(Call& call) {
  constexpr int count = 11100;
  Value array(call.js, checked(JS_NewArray(call.js)));
  for (int number = 0; number < count; ++number) {
    const std::string name = hvsock::errorName(number);
    const bool named = name != "E" + std::to_string(number);
    append(call.js, array.get(), static_cast<std::uint32_t>(number), JS_NewString(call.js, named ? name.c_str() : ""));
  }
  return array.release();
}

// Milliseconds since this process started.
JSValue uptime(Call& call) { return newNumber(call.js, monotonicMs() - Program::of(call.js).start().ms); }

// Microseconds on a processor: as the program, and in the kernel.
JSValue processorTime(Call& call) {
  FILETIME made, ended, kernel, user;
  GetProcessTimes(GetCurrentProcess(), &made, &ended, &kernel, &user);
  const auto micros = [](const FILETIME& time) {
    return static_cast<double>(std::uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime) / 10;
  };
  Value array(call.js, checked(JS_NewArray(call.js)));
  append(call.js, array.get(), 0, newNumber(call.js, micros(user)));
  append(call.js, array.get(), 1, newNumber(call.js, micros(kernel)));
  return array.release();
}

// As uname(2) has them: the system's name, the host's, release, version, and machine.
JSValue names(Call& call) {
  return newTexts(call.js, {"Windows_NT", hostName(), windowsRelease(), windowsVersion(), "x86_64"});
}

// The user's name and home.
JSValue account(Call& call) { return newTexts(call.js, {userName(), profileFolder()}); }

HANDLE standardHandle(int descriptor) {
  try {
    return handleOf(descriptor, "isatty");
  } catch (const SystemFailure&) {
    return INVALID_HANDLE_VALUE;
  }
}

JSValue isTerminal(Call& call) { return JS_NewBool(call.js, isConsole(standardHandle(call.integer(0)))); }

// Columns of a terminal; 0 where that is unknown.
JSValue columns(Call& call) { return JS_NewInt32(call.js, consoleColumns(standardHandle(call.integer(0)))); }

JSValue random(Call& call) {
  const std::string bytes = randomBytes(static_cast<std::size_t>(call.integer(0)));
  return newBytes(call.js, bytes.data(), bytes.size());
}

constexpr Native functions[] = {
    {"platform", native<platform, Gives::sameAlways>}, {"atStart", native<atStart, Gives::sameAlways>},
    {"commandLine", native<commandLine>},     {"environment", native<environment>},
    {"workingFolder", native<workingFolder>}, {"programPath", native<programPath>},
    {"exit", native<exit>},                   {"setExitCode", native<setExitCode>},
    {"pid", native<pid>},                     {"uid", native<noUser>},
    {"gid", native<noUser>},                  {"uptime", native<uptime>},
    {"processorTime", native<processorTime>}, {"names", native<names>},
    {"isTerminal", native<isTerminal>},       {"columns", native<columns>},
    {"randomBytes", native<random>},          {"engineVersion", native<engineVersion, Gives::sameAlways>},
    {"account", native<account>},             {"effectiveUid", native<noUser>},
    {"errorNames", native<errorNames, Gives::sameAlways>},
};

}  // namespace

const NativeModule systemModule = nativeModule("engine:system", functions);

}  // namespace engine
