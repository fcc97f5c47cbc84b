#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

#include <climits>
#include <cstring>

#include "../../src/system/failure.h"
#include "../core/program.h"
#include "modules.h"

namespace engine {
namespace {

JSValue newTexts(JSContext* js, char* const* words, int count) {
  Value array(js, checked(JS_NewArray(js)));
  for (int i = 0; i < count; ++i) {
    append(js, array.get(), static_cast<std::uint32_t>(i), fromSystem(js, words[i], std::strlen(words[i])));
  }
  return array.release();
}

JSValue commandLine(Call& call) {
  const Start& start = Program::of(call.js).start();
  return newTexts(call.js, start.words, start.count);
}

// "NAME=value" each.
JSValue environment(Call& call) {
  int count = 0;
  while (environ != nullptr && environ[count] != nullptr) ++count;
  return newTexts(call.js, environ, count);
}

JSValue workingFolder(Call& call) {
  char path[PATH_MAX];
  if (getcwd(path, sizeof path) == nullptr) throw lastFailure("uv_cwd");
  return fromSystem(call.js, path, std::strlen(path));
}

// The path of this program: by /proc, or as the kernel was given it.
JSValue programPath(Call& call) {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length > 0) return fromSystem(call.js, path, static_cast<std::size_t>(length));
  const auto* given = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  const Start& start = Program::of(call.js).start();
  const std::string text = given != nullptr ? given : start.words[0];
  return fromSystem(call.js, text.data(), text.size());
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

JSValue pid(Call& call) { return JS_NewInt32(call.js, getpid()); }
JSValue uid(Call& call) { return newNumber(call.js, getuid()); }
JSValue effectiveUid(Call& call) { return newNumber(call.js, geteuid()); }
JSValue gid(Call& call) { return newNumber(call.js, getgid()); }

// Each errno's name; "" for a number that has none.
JSValue errorNames(Call& call) {
  constexpr int count = 134;
  Value array(call.js, checked(JS_NewArray(call.js)));
  for (int number = 0; number < count; ++number) {
    const char* name = hvsock::knownErrorName(number);
    append(call.js, array.get(), static_cast<std::uint32_t>(number), JS_NewString(call.js, name != nullptr ? name : ""));
  }
  return array.release();
}

// Milliseconds since this process started.
JSValue uptime(Call& call) { return newNumber(call.js, monotonicMs() - Program::of(call.js).start().ms); }

// Microseconds on a processor: as the program, and in the kernel.
JSValue processorTime(Call& call) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) { return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec); };
  Value array(call.js, checked(JS_NewArray(call.js)));
  append(call.js, array.get(), 0, newNumber(call.js, micros(usage.ru_utime)));
  append(call.js, array.get(), 1, newNumber(call.js, micros(usage.ru_stime)));
  return array.release();
}

// Of uname(2): the system's name, the host's, release, version, and machine.
JSValue names(Call& call) {
  utsname all{};
  succeeded(uname(&all), "uname");
  char* words[] = {all.sysname, all.nodename, all.release, all.version, all.machine};
  return newTexts(call.js, words, 5);
}

JSValue isTerminal(Call& call) { return JS_NewBool(call.js, isatty(call.integer(0)) == 1); }

// Columns of a terminal; 0 if unknown.
JSValue columns(Call& call) {
  winsize size{};
  return JS_NewInt32(call.js, ioctl(call.integer(0), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0);
}

JSValue randomBytes(Call& call) {
  std::string bytes(static_cast<std::size_t>(call.integer(0)), '\0');
  for (std::size_t got = 0; got < bytes.size();) {
    got += static_cast<std::size_t>(succeeded(getrandom(bytes.data() + got, bytes.size() - got, 0), "getrandom"));
  }
  return newBytes(call.js, bytes.data(), bytes.size());
}

JSValue platform(Call& call) { return JS_NewString(call.js, "linux"); }

// getent(1) is asked: a static program has no NSS.
JSValue account(Call&) { throw SystemFailure{ENOSYS, "getpwuid"}; }

constexpr Native functions[] = {
    {"platform", native<platform, Gives::sameAlways>}, {"atStart", native<atStart, Gives::sameAlways>},              {"account", native<account>},
    {"commandLine", native<commandLine>},        {"environment", native<environment>},
    {"workingFolder", native<workingFolder>}, {"programPath", native<programPath>},
    {"exit", native<exit>},                   {"setExitCode", native<setExitCode>},
    {"pid", native<pid>},                     {"uid", native<uid>},
    {"gid", native<gid>},                     {"uptime", native<uptime>},
    {"processorTime", native<processorTime>}, {"names", native<names>},
    {"isTerminal", native<isTerminal>},       {"columns", native<columns>},
    {"randomBytes", native<randomBytes>},     {"engineVersion", native<engineVersion, Gives::sameAlways>},
    {"effectiveUid", native<effectiveUid>},   {"errorNames", native<errorNames, Gives::sameAlways>},
};

}  // namespace

const NativeModule systemModule = nativeModule("engine:system", functions);

}  // namespace engine
