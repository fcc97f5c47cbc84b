#include "lingering.h"

#include <algorithm>

namespace engine {
namespace {

struct Closed {
  HANDLE handle;
  std::unique_ptr<Outbox> outbox;
};

std::vector<Closed> closed;

}  // namespace

void linger(HANDLE handle, std::unique_ptr<Outbox> outbox) { closed.push_back({handle, std::move(outbox)}); }

std::vector<HANDLE> lingering() {
  const auto isDone = [](Closed& each) {
    if (!each.outbox->advance()) return false;
    each.outbox.reset();
    CloseHandle(each.handle);
    return true;
  };
  closed.erase(std::remove_if(closed.begin(), closed.end(), isDone), closed.end());
  std::vector<HANDLE> events;
  for (const Closed& each : closed) events.push_back(each.outbox->event());
  return events;
}

}  // namespace engine
