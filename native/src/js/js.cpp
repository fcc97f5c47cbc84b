#include "js.h"

#include <cerrno>
#include <cmath>

#include "../system/failure.h"

namespace hvsock {
namespace {

std::string quoted(const std::string& text) {
  constexpr std::size_t most = 120;
  constexpr char digits[] = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      result += "\\x";
      result += digits[byte >> 4];
      result += digits[byte & 15];
    } else {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
  }
  return result + (text.size() > most ? "…\"" : "\"");
}

std::string described(napi_env env, napi_value value) {
  napi_value text = nullptr;
  check(env, napi_coerce_to_string(env, value, &text));
  return fromText(env, text);
}

}  // namespace

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) throw Thrown{};
  throw Failure{ECANCELED, "napi", "Node-API status " + std::to_string(status)};
}

napi_value toText(napi_env env, std::string_view text) {
  napi_value value = nullptr;
  check(env, napi_create_string_utf8(env, text.data(), text.size(), &value));
  return value;
}

napi_value toNumber(napi_env env, double number) {
  napi_value value = nullptr;
  check(env, napi_create_double(env, number, &value));
  return value;
}

napi_value toBoolean(napi_env env, bool value) {
  napi_value result = nullptr;
  check(env, napi_get_boolean(env, value, &result));
  return result;
}

napi_value toBytes(napi_env env, const void* data, std::size_t length) {
  napi_value value = nullptr;
  check(env, napi_create_buffer_copy(env, length, data, nullptr, &value));
  return value;
}

napi_value undefined(napi_env env) {
  napi_value value = nullptr;
  check(env, napi_get_undefined(env, &value));
  return value;
}

napi_value toError(napi_env env, const Failure& failure) {
  napi_value error = nullptr;
  const napi_value code = toText(env, errorName(failure.number));
  check(env, napi_create_error(env, code, toText(env, message(failure)), &error));
  set(env, error, "errno", toNumber(env, failure.number));
  set(env, error, "syscall", toText(env, failure.syscall));
  return error;
}

void set(napi_env env, napi_value object, const char* name, napi_value value) {
  check(env, napi_set_named_property(env, object, name, value));
}

napi_value get(napi_env env, napi_value object, const char* name) {
  napi_value value = nullptr;
  check(env, napi_get_named_property(env, object, name, &value));
  return value;
}

napi_value function(napi_env env, const char* name, napi_callback callback, void* data) {
  napi_value value = nullptr;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &value));
  return value;
}

Bytes bytesOf(napi_env env, const char* function, napi_value value) {
  bool typed = false;
  check(env, napi_is_typedarray(env, value, &typed));
  napi_typedarray_type type{};
  void* data = nullptr;
  std::size_t length = 0;
  if (typed) check(env, napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
  if (!typed || type != napi_uint8_array) reject(env, function, "data", "a Uint8Array", value);
  return {static_cast<const char*>(data), length};
}

napi_valuetype typeOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  check(env, napi_typeof(env, value, &type));
  return type;
}

std::string fromText(napi_env env, napi_value value) {
  std::size_t length = 0;
  check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string text(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  text.resize(length);
  return text;
}

std::string describe(napi_env env, napi_value value) {
  switch (typeOf(env, value)) {
    case napi_undefined:
    case napi_null:
    case napi_boolean:
    case napi_number:
      return described(env, value);
    case napi_bigint:
      return described(env, value) + "n";
    case napi_string:
      return quoted(fromText(env, value));
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    default:
      break;
  }
  bool array = false;
  check(env, napi_is_array(env, value, &array));
  return array ? "an array" : "an object";
}

void reject(napi_env env, const char* function, const std::string& what, const std::string& expected,
            napi_value received) {
  throw Failure{EINVAL, function, what + " must be " + expected + ", received " + describe(env, received)};
}

double wholeNumber(napi_env env, const char* function, const std::string& what, napi_value value, double least,
                   double most) {
  double number = NAN;
  if (typeOf(env, value) == napi_number) check(env, napi_get_value_double(env, value, &number));
  if (std::trunc(number) != number || number < least || number > most) {
    const auto text = [](double limit) { return std::to_string(static_cast<long long>(limit)); };
    reject(env, function, what, "a whole number from " + text(least) + " to " + text(most), value);
  }
  return number;
}

Mailbox::Mailbox(napi_env env, void (*take)(void*, std::uint64_t), void* context) : take_(take), context_(context) {
  errno = 0;
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, toText(env, "node-hvsock-native"), 0, 1, nullptr, nullptr, this, deliver, &function_);
  // The executable needs a descriptor for it.
  if (status != napi_ok && errno != 0) throw Failure{errno, "napi_create_threadsafe_function", {}};
  check(env, status);
  keepAlive(env, false);
}

void Mailbox::post(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  if (!open_) return;
  posted_.push_back(id);
  if (posted_.size() == 1) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void Mailbox::keepAlive(napi_env env, bool alive) {
  check(env, alive ? napi_ref_threadsafe_function(env, function_) : napi_unref_threadsafe_function(env, function_));
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  posted_.clear();
}

void Mailbox::deliver(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // the environment is gone, and the mailbox with it
  auto* mailbox = static_cast<Mailbox*>(context);
  std::vector<std::uint64_t> posted;
  {
    const std::lock_guard lock(mailbox->mutex_);
    posted.swap(mailbox->posted_);
  }
  for (const std::uint64_t id : posted) mailbox->take_(mailbox->context_, id);
}

}  // namespace hvsock
