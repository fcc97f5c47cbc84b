#include "stat.h"

namespace engine {
namespace {

// Rounded as Node does: seconds and the rest by themselves.
double ms(std::int64_t nanoseconds) {
  constexpr std::int64_t perSecond = 1'000'000'000;
  const std::int64_t rest = (nanoseconds % perSecond + perSecond) % perSecond;
  return static_cast<double>((nanoseconds - rest) / perSecond) * 1e3 + static_cast<double>(rest) / 1e6;
}

}  // namespace

JSValue newStat(JSContext* js, const Stat& found) {
  const double numbers[] = {
      static_cast<double>(found.device),
      static_cast<double>(found.index),
      static_cast<double>(found.mode),
      static_cast<double>(found.links),
      static_cast<double>(found.user),
      static_cast<double>(found.group),
      static_cast<double>(found.ofDevice),
      static_cast<double>(found.size),
      ms(found.accessed),
      ms(found.written),
      ms(found.changed),
  };
  Value array(js, checked(JS_NewArray(js)));
  std::uint32_t index = 0;
  for (const double number : numbers) append(js, array.get(), index++, newNumber(js, number));
  return array.release();
}

JSValue newIdentity(JSContext* js, const Stat& found) {
  Value array(js, checked(JS_NewArray(js)));
  append(js, array.get(), 0, JS_NewBigUint64(js, found.device));
  append(js, array.get(), 1, JS_NewBigUint64(js, found.index));
  append(js, array.get(), 2, JS_NewBigInt64(js, found.written));
  return array.release();
}

}  // namespace engine
