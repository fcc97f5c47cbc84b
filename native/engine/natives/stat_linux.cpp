#include "stat_linux.h"

namespace engine {
namespace {

double ms(const timespec& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

}  // namespace

JSValue newStat(JSContext* js, const struct stat& found) {
  const double numbers[] = {
      static_cast<double>(found.st_dev),
      static_cast<double>(found.st_ino),
      static_cast<double>(found.st_mode),
      static_cast<double>(found.st_nlink),
      static_cast<double>(found.st_uid),
      static_cast<double>(found.st_gid),
      static_cast<double>(found.st_rdev),
      static_cast<double>(found.st_size),
      ms(found.st_atim),
      ms(found.st_mtim),
      ms(found.st_ctim),
  };
  Value array(js, checked(JS_NewArray(js)));
  std::uint32_t index = 0;
  for (const double number : numbers) append(js, array.get(), index++, newNumber(js, number));
  return array.release();
}

JSValue newIdentity(JSContext* js, const struct stat& found) {
  Value array(js, checked(JS_NewArray(js)));
  const std::int64_t nanoseconds = std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec;
  append(js, array.get(), 0, JS_NewBigUint64(js, found.st_dev));
  append(js, array.get(), 1, JS_NewBigUint64(js, found.st_ino));
  append(js, array.get(), 2, JS_NewBigInt64(js, nanoseconds));
  return array.release();
}

}  // namespace engine
