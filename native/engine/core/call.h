#pragma once

#include <cerrno>
#include <cstdint>
#include <new>
#include <string>
#include <vector>

#include "value.h"

namespace engine {

// A call of the system that failed.
struct SystemFailure {
  int number;  // errno, or what GetLastError gives
  const char* call;
  std::string path{};
};

// What a failing call left behind.
SystemFailure lastFailure(const char* call, std::string path = {});

// What Node says of a number: code, errno and the words of its message.
struct ErrorWords {
  std::string code;
  int number;
  std::string words;
};
ErrorWords errorWords(int number);

// Node's own error for it: "ENOENT: no such file or directory, open '/x'", with code, errno, syscall and path.
void throwFailure(JSContext* js, const SystemFailure& failure);

// Returns a result; throws if it is -1.
template <typename Result>
Result succeeded(Result result, const char* call, const std::string& path = {}) {
  if (result < 0) throw lastFailure(call, path);
  return result;
}

// The bytes of a Uint8Array that JavaScript holds.
struct Bytes {
  const std::uint8_t* data;
  std::size_t length;
};

// One call of a native function: its arguments, checked. Only src/engine calls them, which TypeScript checks.
class Call {
 public:
  Call(JSContext* js, int count, JSValueConst* arguments) : js(js), count_(count), arguments_(arguments) {}

  JSValueConst argument(int index) const { return index < count_ ? arguments_[index] : JS_UNDEFINED; }
  bool has(int index) const { return !JS_IsUndefined(argument(index)); }
  int integer(int index) const;
  double number(int index) const;
  bool flag(int index) const { return JS_ToBool(js, argument(index)) == 1; }
  std::string text(int index) const { return toText(js, argument(index)); }
  // Text for the system, which ends at a NUL: one inside throws ERR_INVALID_ARG_VALUE, as in Node.
  std::string word(int index) const;
  std::vector<std::string> words(int index) const;
  std::vector<int> integers(int index) const;
  Bytes bytes(int index) const;
  Value function(int index) const { return Value::copy(js, argument(index)); }

  JSContext* const js;

 private:
  std::string wordOf(JSValueConst value) const;
  template <typename Visit>
  void each(int index, Visit visit) const;

  const int count_;
  JSValueConst* const arguments_;
};

JSValue newBytes(JSContext* js, const void* data, std::size_t length);

// Ends the program if its image is being made, which holds what is the same in each process.
void refuseInImage(JSCFunction* function);

// Whether a function gives the same in each process: then an image may be made of what it gave.
enum class Gives { sameAlways, whatIsNow };

// Turns a function of ours into one of the engine: what it throws becomes a JavaScript exception.
template <JSValue (*body)(Call&), Gives gives = Gives::whatIsNow>
JSValue native(JSContext* js, JSValueConst, int count, JSValueConst* arguments) noexcept {
  if constexpr (gives == Gives::whatIsNow) refuseInImage(native<body, gives>);
  try {
    try {
      Call call(js, count, arguments);
      return checked(body(call));
    } catch (const SystemFailure& failure) {
      throwFailure(js, failure);
    }
  } catch (const Thrown&) {
    // It is pending already.
  } catch (const std::bad_alloc&) {  // for the failure's own words, too
    JS_ThrowOutOfMemory(js);
  }
  return JS_EXCEPTION;
}

// A function of a native module, by its name.
struct Native {
  const char* name;
  JSCFunction* function;
};

// The module `name`, whose exports are functions.
struct NativeModule {
  const char* name;
  const Native* functions;
  std::size_t count;
};

}  // namespace engine
