/// \file
/// The controllers of this process, and who owns them.
#pragma once

#include <utility>

#include <xnvme/result.hpp>

#include "uri.hpp"

namespace xnvme::be_model {

class Controller;

/// One share of a controller, which goes with its last owner. Move-only.
class ControllerRef {
  public:
    /// The controller that `config` asks for: the one of that name when there is one, a new one
    /// otherwise. A named one must agree with every option that `config` gives and with the size;
    /// else it fails with `Errc::busy` and a sentence that names the option. Any thread may call
    /// it.
    static Result<ControllerRef, Failure> open(const Config& config);

    ControllerRef(ControllerRef&& other) noexcept
        : controller_(std::exchange(other.controller_, nullptr)) {}
    ControllerRef& operator=(ControllerRef&& other) noexcept {
        std::swap(controller_, other.controller_);
        return *this;
    }
    ~ControllerRef();

    Controller& operator*() const noexcept { return *controller_; }
    Controller* operator->() const noexcept { return controller_; }

  private:
    explicit ControllerRef(Controller* controller) noexcept : controller_(controller) {}
    Controller* controller_ = nullptr;
};

}  // namespace xnvme::be_model
