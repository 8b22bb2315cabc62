// A stranger's program: it knows the installed package and nothing else of the project.
#include <cstdio>
#include <xnvme/version.hpp>

int main() {
    const std::string_view running = xnvme::version();
    std::printf("xnvmepp %.*s\n", static_cast<int>(running.size()), running.data());
    return running == xnvme::kVersion ? 0 : 1;
}
