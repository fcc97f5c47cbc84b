#pragma once

#include <quickjs.h>

#include <cstdint>
#include <string>
#include <utility>

namespace engine {

// A JavaScript exception is pending: go back to JavaScript.
struct Thrown {};

// Returns the value; throws if it is an exception.
JSValue checked(JSValue value);

// Owns a reference to a JavaScript value.
class Value {
 public:
  Value(JSContext* js, JSValue owned) : js_(js), value_(owned) {}
  static Value copy(JSContext* js, JSValueConst value) { return {js, JS_DupValue(js, value)}; }
  Value(Value&& other) noexcept : js_(other.js_), value_(std::exchange(other.value_, JS_UNDEFINED)) {}
  Value& operator=(Value&& other) noexcept {
    std::swap(js_, other.js_);
    std::swap(value_, other.value_);
    return *this;
  }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  ~Value() { JS_FreeValue(js_, value_); }

  JSValueConst get() const { return value_; }
  JSValue release() { return std::exchange(value_, JS_UNDEFINED); }
  Value duplicate() const { return copy(js_, value_); }

 private:
  JSContext* js_;
  JSValue value_;
};

// Text in UTF-8; half a surrogate pair, which has no UTF-8, becomes U+FFFD. Throws if `value` cannot be text.
std::string toText(JSContext* js, JSValueConst value);
// The same in reverse, for bytes of any origin: what is not UTF-8 becomes U+FFFD, as the WHATWG's decoder has it.
JSValue fromText(JSContext* js, const char* text, std::size_t length);
JSValue fromText(JSContext* js, const std::string& text);

// The same for what the system gives and gets back: arguments, the environment, paths. A byte that is not UTF-8 is one half of a
// surrogate pair, U+DC80 to U+DCFF, as in Python's surrogateescape, so that the same bytes come out again.
std::string toSystem(JSContext* js, JSValueConst value);
JSValue fromSystem(JSContext* js, const char* text, std::size_t length);

// Properties of objects and elements of arrays; all throw if the engine does.
void set(JSContext* js, JSValueConst object, const char* name, JSValue owned);
void append(JSContext* js, JSValueConst array, std::uint32_t index, JSValue owned);

}  // namespace engine
