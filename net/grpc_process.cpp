#include "net/grpc_process.hpp"

#include <absl/synchronization/mutex.h>
#include <google/protobuf/stubs/logging.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace quorate::net {
namespace {

constexpr unsigned cores_for_two_pollers = 4;

/// A call that ends at once, because its time is up; the thread that is told so never comes back.
struct parked_call {
  std::shared_ptr<grpc::Channel> channel = grpc::CreateChannel("ipv4:127.0.0.1:1", grpc::InsecureChannelCredentials());
  grpc::GenericStub stub{channel};
  grpc::ClientContext context;
  grpc::Slice nothing;
  grpc::ByteBuffer request{&nothing, 1};
  grpc::ByteBuffer reply;

  void start() {
    context.set_deadline(std::chrono::system_clock::now() - std::chrono::seconds(1));
    stub.UnaryCall(&context, "/park", {}, &request, &reply, [](const grpc::Status&) {
      for (;;) pause();
    });
  }
};

/// While it lives, threads are started that leave all signals to others: the library's would inherit that they take
/// them, and a SIGTERM that comes while nobody waits for it would find one of them and end the process at once.
class without_signals {
 public:
  without_signals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~without_signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

void tune_grpc_process() {
  google::protobuf::SetLogHandler(nullptr);
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  if (std::thread::hardware_concurrency() >= cores_for_two_pollers) return;
  const without_signals meanwhile;
  // Never freed: its thread uses it for good.
  static auto* const parked = new parked_call;
  parked->start();
}

}  // namespace quorate::net
