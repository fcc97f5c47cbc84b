#include "stat_linux.h"

namespace engine {
namespace {

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

Stat toStat(const struct stat& found) {
  Stat stat;
  stat.device = found.st_dev;
  stat.index = found.st_ino;
  stat.mode = found.st_mode;
  stat.links = found.st_nlink;
  stat.user = found.st_uid;
  stat.group = found.st_gid;
  stat.ofDevice = found.st_rdev;
  stat.size = static_cast<std::uint64_t>(found.st_size);
  stat.accessed = nanoseconds(found.st_atim);
  stat.written = nanoseconds(found.st_mtim);
  stat.changed = nanoseconds(found.st_ctim);
  return stat;
}

}  // namespace engine
