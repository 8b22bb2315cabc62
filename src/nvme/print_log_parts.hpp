/// \file
/// The parts of `log_node` that stand in files of their own. Each takes what Get Log Page returned
/// from offset 0, and gives the bytes in base sixteen where that is too short.
#pragma once

#include "nvme/print_parts.hpp"

namespace xnvme::nvme {

// print_log_events.cpp
Node telemetry_node(std::span<const std::byte> data);
Node persistent_events_node(std::span<const std::byte> data);

// print_log_groups.cpp
Node event_aggregate_node(std::span<const std::byte> data, std::string_view name);
Node ana_node(std::span<const std::byte> data);
Node lba_status_node(std::span<const std::byte> data);

}  // namespace xnvme::nvme
