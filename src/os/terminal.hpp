/// \file
/// What a command line program asks of the system it runs on: its terminal, Ctrl-C, and the
/// processor time that it has used.
#pragma once

#include <cstdint>

namespace xnvme::os {

/// The three standard streams of a process.
enum class Stream : std::uint8_t { in, out, err };

/// True when a person sits at the other end of the stream.
bool is_terminal(Stream stream) noexcept;

/// Columns of the terminal that standard error goes to; 80 where there is none.
std::uint32_t terminal_width() noexcept;

/// Makes a stream carry bytes as they are. Only Windows would change line ends otherwise.
void make_binary(Stream stream) noexcept;

/// From now on the first Ctrl-C (SIGINT, SIGTERM) does not end the process but makes
/// `interrupted` true. The second ends it, so that a program that hangs can be left.
void install_interrupt_flag() noexcept;
bool interrupted() noexcept;

/// Processor time, user and system, of all threads of this process, in nanoseconds.
std::uint64_t process_cpu_time_ns() noexcept;

}  // namespace xnvme::os
