/// \file
/// For the tests of this folder: a model device with its interfaces, without the core.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/log.hpp>

#include "model.hpp"
#include "verdicts.hpp"

namespace xnvme::be_model {

inline Result<std::unique_ptr<Handle>, Failure> open_model(const std::string& uri,
                                                           const Options& options = {}) {
    Identifier identifier;
    identifier.text = uri;
    identifier.path = uri;
    identifier.device_class = DeviceClass::model;
    return open(identifier, options);
}

/// The sentence with which `uri` is refused, or an empty one when it opens.
inline std::string refusal(const std::string& uri, const Options& options = {}) {
    auto opened = open_model(uri, options);
    return opened ? std::string() : opened.error().sentence;
}

/// Bytes that differ from block to block and from seed to seed.
inline std::vector<std::uint8_t> pattern(std::size_t bytes, std::uint8_t seed) {
    std::vector<std::uint8_t> data(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
        data[i] = static_cast<std::uint8_t>(seed + i * 7 + i / 251 + 1);
    return data;
}

/// An open device, with commands as the library hands them to an interface.
class TestDevice {
  public:
    explicit TestDevice(const std::string& uri, const Options& options = {}) {
        auto opened = open_model(uri, options);
        if (!opened) {
            ADD_FAILURE() << opened.error().sentence;
            std::abort();
        }
        handle_ = std::move(*opened);
        sync_ = std::move(*model::make_sync(*handle_, options));
        admin_ = std::move(*model::make_admin(*handle_, options));
    }

    Context io(const Command& command, const Data& data = {}, const Data& metadata = {}) {
        Context context = filled(command, data, metadata);
        sync_->execute(context);
        return context;
    }
    Context admin(const Command& command, const Data& data = {}) {
        Context context = filled(command, data, {});
        admin_->execute(context);
        return context;
    }
    Status io_status(const Command& command, const Data& data = {}, const Data& metadata = {}) {
        return io(command, data, metadata).completion.status;
    }
    Status admin_status(const Command& command, const Data& data = {}) {
        return admin(command, data).completion.status;
    }

    /// Writes `blocks` blocks of `data`, or reads them; the test fails when the command does.
    void write(std::uint64_t slba, std::uint32_t blocks, const std::vector<std::uint8_t>& data) {
        EXPECT_EQ(io_status(nvme::write(slba, blocks), bytes_of(data)), kSuccess);
    }
    std::vector<std::uint8_t> read(std::uint64_t slba, std::uint32_t blocks) {
        std::vector<std::uint8_t> data(std::size_t{blocks} * geometry().transfer_block_bytes, 0xaa);
        EXPECT_EQ(io_status(nvme::read(slba, blocks), bytes_of(data)), kSuccess);
        return data;
    }
    template <class T>
    T identify(nvme::IdentifyFields fields) {
        T structure;
        EXPECT_EQ(admin_status(nvme::identify(fields), Data(&structure, sizeof(T))), kSuccess);
        return structure;
    }
    template <class T>
    T log(nvme::LogPage page, std::uint32_t nsid = nvme::kNsidAll) {
        T structure;
        nvme::LogFields fields;
        fields.page = page;
        fields.bytes = sizeof(T);
        fields.nsid = nsid;
        EXPECT_EQ(admin_status(nvme::get_log_page(fields), Data(&structure, sizeof(T))), kSuccess);
        return structure;
    }

    static Data bytes_of(const std::vector<std::uint8_t>& data) {
        return Data(data.data(), data.size());
    }
    static Data bytes_of(std::vector<std::uint8_t>& data) { return Data(data.data(), data.size()); }

    Handle& handle() { return *handle_; }
    SyncInterface& sync() { return *sync_; }
    const Geometry& geometry() const { return handle_->facts.geometry; }

    static Context filled(const Command& command, const Data& data, const Data& metadata) {
        Context context;
        context.command = command;
        CommandRules::fill(context, data);
        context.command.metadata = reinterpret_cast<std::uintptr_t>(metadata.base());
        context.command.metadata_bytes = static_cast<std::uint32_t>(
            metadata.vectored() ? metadata.segments() : metadata.bytes());
        if (data.vectored()) {
            context.options |= kVectored;
            context.command.data_bytes = static_cast<std::uint32_t>(data.segments());
        }
        if (metadata.vectored()) context.options |= kMetadataVectored;
        return context;
    }

  private:
    std::unique_ptr<Handle> handle_;
    std::unique_ptr<SyncInterface> sync_;
    std::unique_ptr<AdminInterface> admin_;
};

}  // namespace xnvme::be_model
