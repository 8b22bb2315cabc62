#include "schedule.hpp"

#include <gtest/gtest.h>

namespace xnvme::tool {
namespace {

TEST(Schedule, IsDueAtEvenDistances) {
    Schedule schedule(1000, 250);
    EXPECT_EQ(schedule.due_ns(), 1000u);
    schedule.advance();
    EXPECT_EQ(schedule.due_ns(), 1250u);
}

TEST(Schedule, SkipsToTheFirstThatIsNotBefore) {
    for (const double step : {1.0, 3.0, 1e9 / 3, 1e9 / 7e6}) {
        Schedule schedule(12345, step);
        schedule.skip_to(1'000'012'345);
        const std::uint64_t due = schedule.due_ns();
        EXPECT_GE(due, 1'000'012'345u) << step;
        EXPECT_LT(static_cast<double>(due), 1'000'012'345 + step + 1) << step;
        schedule.skip_to(0);
        EXPECT_EQ(schedule.due_ns(), due) << "it never goes back";
    }
}

TEST(Schedule, CountsWhatIsStillDue) {
    Schedule schedule(0, 100);
    EXPECT_EQ(schedule.due_before(0), 0u);
    EXPECT_EQ(schedule.due_before(1), 1u);
    EXPECT_EQ(schedule.due_before(100), 1u);
    EXPECT_EQ(schedule.due_before(101), 2u);
    schedule.advance();
    EXPECT_EQ(schedule.due_before(1000), 9u);
}

}  // namespace
}  // namespace xnvme::tool
