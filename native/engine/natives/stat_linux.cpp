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

}  // namespace engine
