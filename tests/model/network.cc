#include "tests/model/simulation.h"

namespace postern::model {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Once, twice or never, after a while that differs from message to message: so they overtake each other.
void Simulation::Carry(Host& host, const std::function<void()>& deliver) {
  if (host.is_cut_off || random_.Between(1, 1000) <= loss_) {
    host.impaired = time_.now();
    return;
  }
  const int copies = random_.Between(1, 1000) <= repeats_ ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const microseconds delay(random_.Between(delay_us_ / 4, delay_us_));
    if (delay > milliseconds(20)) host.impaired = time_.now() + delay;
    time_.After(delay, deliver);
  }
}

// Both ends are those of the same connection, or it isn't delivered.
void Simulation::ToKeep(Host& host, std::function<void()> deliver) {
  Carry(host, [this, &host, life = host.life, keep_life = host.keep_life, deliver = std::move(deliver)] {
    const auto welcomed = keep_.welcomed.find(host.index);
    const bool is_known = keep_.is_up && keep_.life == keep_life && welcomed != keep_.welcomed.end() &&
                          welcomed->second.life == life;
    if (is_known) deliver();
  });
}

void Simulation::ToHost(Host& host, std::function<void()> deliver) {
  Carry(host, [this, &host, life = host.life, keep_life = keep_.life, deliver = std::move(deliver)] {
    WhenAwake(host, [&host, life, keep_life, deliver] {
      if (host.is_up && host.life == life && host.keep_life == keep_life) deliver();
    });
  });
}

}  // namespace postern::model
