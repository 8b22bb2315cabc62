#include "scatter.hpp"

namespace xnvme::be_model {

void Scatter::take_list(const IoVec* list, std::uint32_t count) noexcept {
    if (count > kIoVecMax || (list == nullptr && count != 0)) {
        status_ = kDataTransferError;
        return;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        // The sum must not wrap: lengths are the caller's and may be anything.
        if ((list[i].base == nullptr && list[i].bytes != 0) || list[i].bytes > UINT32_MAX) {
            status_ = kDataTransferError;
            return;
        }
        bytes_ += list[i].bytes;
    }
    next_ = list;
    end_ = list + count;
}

}  // namespace xnvme::be_model
