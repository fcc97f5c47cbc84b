#include "loop.h"

#include <algorithm>
#include <cmath>

#include "../core/program.h"
#include "../napi/environment.h"

namespace engine {

namespace {

// Callbacks may change the table meanwhile.
template <typename Entry>
std::vector<int> idsOf(const std::map<int, Entry>& table) {
  std::vector<int> ids;
  for (const auto& [id, entry] : table) ids.push_back(id);
  return ids;
}

}  // namespace

void Loop::run() {
  while (isAlive()) {
    runTimers();
    poll();
    runImmediates();
  }
}

int Loop::addTimer(Value callback, double ms, bool repeats) {
  const double delay = ms >= 1 && ms <= 2147483647 ? ms : 1;  // as in Node
  timers_.emplace(++lastId_, Timer{monotonicMs() + delay, repeats ? delay : 0, std::move(callback)});
  return lastId_;
}

int Loop::addImmediate(Value callback) {
  immediates_.emplace(++lastId_, std::move(callback));
  return lastId_;
}

int Loop::watch(int descriptor, int events, Value callback) {
  watches_.emplace(++lastId_, Watch{descriptor, events, std::move(callback)});
  return lastId_;
}

void Loop::remove(int id) {
  // What they hold may run JavaScript's finalizers when it goes: each is out of its table by then.
  auto timer = timers_.extract(id);
  auto watch = watches_.extract(id);
  auto immediate = immediates_.extract(id);
}

void Loop::keepAlive(int id, bool alive) {
  if (const auto timer = timers_.find(id); timer != timers_.end()) timer->second.alive = alive;
  if (const auto watch = watches_.find(id); watch != watches_.end()) watch->second.alive = alive;
  if (const auto child = children_.find(id); child != children_.end()) child->second.alive = alive;
}

void Loop::onSignal(int signal, Value callback) {
  signals_.insert_or_assign(signal, std::move(callback));
  catchSignal(signal, true);
}

void Loop::offSignal(int signal) {
  catchSignal(signal, false);
  signals_.erase(signal);
}

bool Loop::isAlive() const {
  const auto alive = [](const auto& entry) { return entry.second.alive; };
  return !immediates_.empty() || std::any_of(timers_.begin(), timers_.end(), alive) ||
         std::any_of(watches_.begin(), watches_.end(), alive) ||
         std::any_of(children_.begin(), children_.end(), alive) || napiKeepsAlive();
}

int Loop::pollTimeout() const {
  if (!immediates_.empty()) return 0;
  if (timers_.empty()) return -1;
  const auto earlier = [](const auto& a, const auto& b) { return a.second.at < b.second.at; };
  const double left = std::min_element(timers_.begin(), timers_.end(), earlier)->second.at - monotonicMs();
  return left <= 0 ? 0 : static_cast<int>(std::min(std::ceil(left), 2147483647.0));
}

void Loop::runTimers() {
  const double now = monotonicMs();
  std::vector<std::pair<double, int>> due;
  for (const auto& [id, timer] : timers_) {
    if (timer.at <= now) due.emplace_back(timer.at, id);
  }
  if (!due.empty()) rested_ = false;
  std::sort(due.begin(), due.end());
  for (const auto& [at, id] : due) {
    const auto found = timers_.find(id);
    if (found == timers_.end()) continue;  // an earlier one removed it
    const Value callback = found->second.callback.duplicate();
    if (found->second.every > 0) {
      found->second.at = now + found->second.every;
    } else {
      remove(id);
    }
    program_.call(callback.get());
  }
}

// Those that are there now; what they add in turn comes after the next poll.
void Loop::runImmediates() {
  for (const int id : idsOf(immediates_)) {
    const auto found = immediates_.extract(id);
    if (!found.empty()) program_.call(found.mapped().get());
  }
}

void Loop::deliver(int watch, int events) {
  const auto found = watches_.find(watch);
  if (events == 0 || found == watches_.end()) return;
  program_.call(found->second.callback.get(), {JS_NewInt32(nullptr, events)});
}

void Loop::deliver(const hvsock::Event* event) {
  program_.beginTurn();
  napiDeliver(event);
  program_.drain();
}

void Loop::deliverSignals() {
  for (const int number : caughtSignals()) {
    const auto found = signals_.find(number);
    if (found != signals_.end()) program_.call(found->second.get(), {JS_NewInt32(nullptr, number)});
  }
}

void Loop::reapChildren() {
  for (const int id : idsOf(children_)) {
    const auto found = children_.find(id);
    if (found == children_.end()) continue;
    const auto code = takeExitCode(found->second.pid);
    if (!code) continue;
    const auto child = children_.extract(id);
    program_.call(child.mapped().callback.get(), {JS_NewInt64(nullptr, *code)});
  }
}

}  // namespace engine
