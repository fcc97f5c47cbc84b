#pragma once

#include <cstddef>

#include "heap.h"

namespace engine {

// Before each block stands how many bytes it has room for. The blocks themselves begin at multiples of 16.
constexpr std::size_t unit = 16;
constexpr std::size_t head = sizeof(std::size_t);

// Of blocks that have a list; what is larger is libc's.
constexpr std::size_t largest = (HeapState::fineSizes << HeapState::doublings) * unit - head;

// One of the sizes that blocks have: its list, and how much a block takes.
struct BlockSize {
  std::size_t index;
  std::size_t units;
};

// The smallest that has room for that many bytes.
inline BlockSize sizeFor(std::size_t bytes) {
  constexpr std::size_t fineSizes = HeapState::fineSizes;
  constexpr std::size_t steps = HeapState::steps;
  const std::size_t units = (bytes + head + unit - 1) / unit;
  if (units <= fineSizes) return {units, units};
  std::size_t step = fineSizes / steps;
  std::size_t index = fineSizes;
  while (units > 2 * steps * step) {
    step *= 2;
    index += steps;
  }
  const std::size_t count = (units + step - 1) / step;
  return {index + count - steps, count * step};
}

// The largest that needs no more than that many units.
inline BlockSize largestOf(std::size_t units) {
  const BlockSize size = sizeFor(units * unit - head);
  return size.units <= units ? size : sizeFor(HeapState::fineSizes * unit - head);
}

}  // namespace engine
