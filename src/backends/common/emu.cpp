#include "backends/common/emu.hpp"

#include <span>
#include <utility>

#include "backends/common/deferred_queue.hpp"

namespace xnvme::be_common::emu {

namespace {

struct RunSync {
    SyncInterface* sync;
    void operator()(std::span<Context* const> contexts) const noexcept {
        sync->execute_each(contexts);
    }
};

}  // namespace

Verdict machine() {
    return Verdict::serves("part of the library");
}

Verdict probe(const Handle&, const Options&) {
    return Verdict::serves("runs the synchronous interface inside poll and wait");
}

Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup) {
    return DeferredQueue<RunSync>::make(std::move(setup.parts), RunSync{&setup.sync}, true);
}

}  // namespace xnvme::be_common::emu
