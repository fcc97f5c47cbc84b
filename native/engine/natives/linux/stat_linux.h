#pragma once

#include <sys/stat.h>

#include "../stat.h"

namespace engine {

Stat toStat(const struct stat& found);

}  // namespace engine
