/// \file
/// How results look: trees as YAML-like text or JSON, tables, dumps of bytes, and the words for
/// what the library has numbers for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xnvme/nvme/print.hpp>

#include "program.hpp"

namespace xnvme::tool {

using nvme::Node;

/// Prints a result to standard output. Text is YAML; numbers whose names end in `_bytes`, `_ns` or
/// `_per_second` get a comment that says the same for people.
void print(Format format, const Node& node);
/// Prints lines to standard output.
void print(std::string_view text);

/// A table for people: columns as wide as they need to be, numbers to the right. An empty cell
/// prints as "-". The last column may be of any length.
class Table {
  public:
    struct Column {
        std::string_view title;
        bool right = false;
    };
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    bool empty() const { return rows_.empty(); }
    /// The lines, each after `indent` spaces.
    std::string text(unsigned indent = 0) const;

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// Bytes as lines of sixteen, with their offsets (the first is `offset`) and as ASCII. Lines that
/// repeat the one before are shown as one '*'.
std::string hex_dump(std::span<const std::byte> bytes, std::uint64_t offset);
/// Bytes as one string of hexadecimal digits.
std::string hex_string(std::span<const std::byte> bytes);

/// A number with thousands separated for people: "1 234 567".
std::string grouped(std::uint64_t number);
/// "1 block", "2 blocks".
std::string counted(std::uint64_t count, std::string_view noun);
/// A time in the unit that suits it: "12.3 us", "1.50 s".
std::string format_duration(std::uint64_t nanoseconds);
/// A rate: "512.00 MiB/s".
std::string format_rate(double bytes_per_second);

std::string_view contract_name(Contract contract);
std::string_view service_name(Service service);

}  // namespace xnvme::tool
