#include "backends/common/emu.hpp"

#include <utility>

#include "backends/common/deferred_queue.hpp"

namespace xnvme::be_common::emu {

namespace {

struct RunSync {
    SyncInterface* sync;
    void operator()(Context& context) const noexcept { sync->execute(context); }
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
