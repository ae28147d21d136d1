#include "collector/intake/intake.h"

#include <atomic>
#include <thread>
#include <utility>

#include "collector/intake/committer.h"
#include "collector/intake/conversation.h"
#include "collector/intake/fair_queue.h"
#include "collector/intake/recorder.h"
#include "collector/intake/recovery.h"

namespace postern::intake {
namespace {

// Of a batch: large enough that its sync is shared by many, small enough that nobody waits long for it.
constexpr size_t kBatchWeight = size_t{4} << 20;

}  // namespace

struct Intake::State {
  State(Options& options, uint64_t epoch, store::Store& store, directory::Directory& directory,
        chronicle::Chronicle& chronicle, std::unique_ptr<treasury::Treasury> opened,
        const crypto::SigningKey& log_key)
      : treasury(std::move(opened)),
        shared{.store = store,
               .directory = directory,
               .chronicle = chronicle,
               .treasury = *treasury,
               .log_key = log_key,
               .collector = options.collector,
               .epoch = epoch,
               .wall_now = options.wall_now,
               .decrees = options.decrees},
        recorder(store, shared.agents, shared.presence, shared.progress, options.wall_now),
        conversation(
            shared, queue, recorder,
            {.credential_lifetime = options.credential_lifetime, .push_patience = options.push_patience},
            options.policy_patience),
        committer(shared, [this] { conversation.Wake(); }) {
    treasury->OnWork([this] { shared.hand_over.Nudge(); });
  }

  void RunVerifier() {
    for (auto submissions = queue.Take(kBatchWeight); !submissions.empty();
         submissions = queue.Take(kBatchWeight)) {
      shared.hand_over.Put(recorder.Verify(std::move(submissions)));
    }
    shared.hand_over.Close();
  }

  const std::unique_ptr<treasury::Treasury> treasury;
  Shared shared;
  FairQueue queue{{}};
  Recorder recorder;
  Conversation conversation;
  Committer committer;
  std::atomic<bool> drained{false};
  uint64_t subscription = 0;
  bool closed = false;

  std::thread committing;
  std::thread verifying;
  std::thread conversing;
};

Result<std::unique_ptr<Intake>> Intake::Start(Options options, store::Store& store,
                                              directory::Directory& directory,
                                              chronicle::Chronicle& chronicle,
                                              const crypto::SigningKey& log_key) {
  ASSIGN_OR_RETURN(const uint64_t epoch, directory.settings().Epoch());
  ASSIGN_OR_RETURN(const Forgotten forgotten, ReadForgotten(directory));
  ASSIGN_OR_RETURN(treasury::Terms terms, options.decrees.terms());
  ASSIGN_OR_RETURN(auto treasury,
                   treasury::Treasury::Open(store, epoch, std::move(terms), {.wall_now = options.wall_now}));
  auto state =
      std::make_unique<State>(options, epoch, store, directory, chronicle, std::move(treasury), log_key);
  state->shared.restored = !forgotten.sentence.empty();
  ASSIGN_OR_RETURN(const auto contacts, directory.agents().Contacts());
  state->shared.contacts.Load(contacts);
  RETURN_IF_ERROR(state->conversation.Start(std::move(options.bus)));
  State& running = *state;
  running.shared.acknowledgements.OnQuestion([&running] { running.conversation.NoteChange(); });
  running.subscription =
      directory.registrar().Subscribe([&running](uint64_t) { running.conversation.NoteChange(); });
  running.committing = std::thread([&running] { running.committer.Run(); });
  running.verifying = std::thread([&running] { running.RunVerifier(); });
  running.conversing = std::thread([&running] { running.conversation.Run(running.drained); });
  return std::unique_ptr<Intake>(new Intake(std::move(state)));
}

Intake::Intake(std::unique_ptr<State> state) : state_(std::move(state)) {}

Intake::~Intake() { Close(); }

void Intake::Close() {
  State& state = *state_;
  if (std::exchange(state.closed, true)) return;
  state.shared.acknowledgements.Close();
  state.shared.directory.registrar().Unsubscribe(state.subscription);
  state.conversation.Stop();
  state.queue.Close();
  state.verifying.join();
  state.committing.join();
  state.drained.store(true, std::memory_order_release);
  state.conversation.Wake();
  state.conversing.join();
}

uint16_t Intake::port() const { return state_->conversation.port(); }

const Presence& Intake::presence() const { return state_->shared.presence; }

Acknowledgements& Intake::acknowledgements() { return state_->shared.acknowledgements; }

treasury::Treasury& Intake::treasury() { return *state_->treasury; }

void Intake::NoteDecree() { state_->conversation.NoteChange(); }

Stats Intake::stats() const {
  return {.bus = state_->conversation.bus_stats(),
          .restored = state_->shared.restored.load(std::memory_order_acquire),
          .epoch = state_->shared.epoch};
}

}  // namespace postern::intake
