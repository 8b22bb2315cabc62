#include "core/selection.hpp"

#include <xnvme/describe.hpp>

#include "core/identifier.hpp"
#include "core/registry.hpp"
#include "text/nearest.hpp"

namespace xnvme::core {

namespace {

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

std::string_view asked_for(Contract contract, const Options& options) {
    switch (contract) {
        case Contract::async:
            return canonical_name(contract, options.async);
        case Contract::sync:
            return canonical_name(contract, options.sync);
        case Contract::admin:
            return canonical_name(contract, options.admin);
        case Contract::memory:
            return canonical_name(contract, options.mem);
    }
    return {};
}

/// "io_uring, libaio and emu": names of the contract's rows for which `take` is true.
template <class Take>
std::string listed(Contract contract, Take take) {
    std::vector<std::string_view> names;
    for (const InterfaceRow& row : interface_rows()) {
        if (row.contract == contract && take(row)) names.push_back(row.name);
    }
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i != 0) text += i + 1 == names.size() ? " and " : ", ";
        text += names[i];
    }
    return text.empty() ? "none" : text;
}

std::unexpected<Failure> unknown_name(Contract contract, std::string_view name) {
    for (const LeftOut& row : left_out_rows()) {
        if (row.contract != contract || row.name != name) continue;
        return fail(Errc::unsupported,
                    "The " + std::string(contract_name(contract)) + " interface " + quoted(name) +
                        " is not part of this build: " + std::string(row.reason) + ".");
    }
    if (const std::string_view whose = foreign_interface(contract, name); !whose.empty()) {
        return fail(Errc::unsupported, "The " + std::string(contract_name(contract)) +
                                           " interface " + quoted(name) + " is " +
                                           std::string(whose) + ", and not part of this build.");
    }
    std::vector<std::string_view> names;
    for (const InterfaceRow& row : interface_rows()) {
        if (row.contract == contract) names.push_back(row.name);
    }
    const std::string_view near = text::nearest(name, names);
    std::string sentence =
        "There is no " + std::string(contract_name(contract)) + " interface " + quoted(name) + ".";
    if (!near.empty()) sentence += " Did you mean " + quoted(near) + "?";
    sentence +=
        " This build has " + listed(contract, [](const InterfaceRow&) { return true; }) + ".";
    return fail(Errc::not_found, std::move(sentence));
}

/// Where the interface would serve the same namespace: a block device of NVMe has a generic one
/// beside it.
std::string twin_hint(Contract contract, std::string_view name, const Identifier& identifier) {
    const std::string generic = generic_device_of(identifier);
    if (generic.empty()) return {};
    for (const InterfaceRow& row : interface_rows()) {
        if (row.contract == contract && row.name == name &&
            row.classes.has(DeviceClass::nvme_generic))
            return " It serves this namespace's generic device: " + generic + ".";
    }
    return {};
}

Result<void, Failure> check_name(Contract contract, const Identifier& identifier,
                                 const Options& options) {
    const std::string_view name = asked_for(contract, options);
    if (name.empty()) return {};
    bool known = false;
    for (const InterfaceRow& row : interface_rows()) {
        if (row.contract != contract || row.name != name) continue;
        known = true;
        if (row.classes.has(identifier.device_class)) return {};
    }
    if (!known) return unknown_name(contract, name);
    const auto serves = [&](const InterfaceRow& row) {
        return row.classes.has(identifier.device_class);
    };
    return fail(Errc::unsupported,
                "The " + std::string(contract_name(contract)) + " interface " + quoted(name) +
                    " does not serve " + quoted(identifier.text) + ", which is " +
                    std::string(device_class_phrase(identifier.device_class)) + ". Use " +
                    listed(contract, serves) + ", or leave the choice to the library." +
                    twin_hint(contract, name, identifier));
}

const InterfaceRow*& slot_of(Selection& selection, Contract contract) {
    switch (contract) {
        case Contract::async:
            return selection.async;
        case Contract::sync:
            return selection.sync;
        case Contract::admin:
            return selection.admin;
        case Contract::memory:
            break;
    }
    return selection.memory;
}

/// One candidate on its way through the selection.
struct Judged {
    const InterfaceRow* row;
    Verdict verdict;
    bool eligible;
};

Judged judge(const InterfaceRow& row, const Handle& handle, const Options& options,
             std::string_view asked) {
    const DeviceClass device_class = handle.identifier.device_class;
    if (!row.classes.has(device_class)) {
        return {
            &row,
            Verdict::refuses("does not serve " + std::string(device_class_phrase(device_class))),
            false};
    }
    if (!asked.empty() && row.name != asked) {
        return {&row, Verdict::refuses(quoted(asked) + " was asked for"), false};
    }
    Verdict machine = row.machine();
    if (machine.kind == Verdict::Kind::refuses) return {&row, std::move(machine), false};
    if (asked.empty() && !row.automatic) {
        return {&row, Verdict::refuses("used only when it is named"), false};
    }
    Verdict verdict = row.probe(handle, options);
    const bool eligible = verdict.kind != Verdict::Kind::refuses;
    return {&row, std::move(verdict), eligible};
}

std::unexpected<Failure> nothing_serves(Contract contract, const Handle& handle,
                                        std::string_view asked, const std::vector<Judged>& judged) {
    std::string sentence;
    if (!asked.empty()) {
        for (const Judged& one : judged) {
            if (one.row->name != asked || !one.row->classes.has(handle.identifier.device_class)) {
                continue;
            }
            return fail(Errc::unsupported, "The " + std::string(contract_name(contract)) +
                                               " interface " + quoted(asked) + " cannot serve " +
                                               quoted(handle.identifier.text) + ": " +
                                               one.verdict.reason + ".");
        }
    }
    sentence = "No " + std::string(contract_name(contract)) + " interface of this build serves " +
               quoted(handle.identifier.text) + ":";
    for (const Judged& one : judged) {
        sentence += " " + std::string(one.row->name) + ": " + one.verdict.reason + ";";
    }
    sentence.back() = '.';
    return fail(Errc::unsupported, std::move(sentence));
}

Result<void, Failure> select_one(Contract contract, const Handle& handle, const Options& options,
                                 Selection& selection) {
    const std::string_view asked = asked_for(contract, options);
    std::vector<Judged> judged;
    for (const InterfaceRow& row : interface_rows()) {
        if (row.contract == contract) judged.push_back(judge(row, handle, options, asked));
    }
    const Judged* chosen = nullptr;
    for (const Judged& one : judged) {
        if (one.eligible && one.verdict.kind == Verdict::Kind::serves && chosen == nullptr) {
            chosen = &one;
        }
    }
    for (const Judged& one : judged) {
        if (one.eligible && chosen == nullptr) chosen = &one;
    }
    for (const Judged& one : judged) {
        Candidate candidate{.contract = contract,
                            .interface = std::string(one.row->name),
                            .backend = std::string(one.row->backend),
                            .chosen = &one == chosen,
                            .reason = one.verdict.reason};
        const bool passed_over = one.eligible && &one != chosen && chosen != nullptr;
        if (passed_over) {
            candidate.reason += one.verdict.kind == Verdict::Kind::serves
                                    ? "; would do, after " + std::string(chosen->row->name)
                                    : std::string{};
        }
        selection.candidates.push_back(std::move(candidate));
    }
    if (chosen == nullptr) return nothing_serves(contract, handle, asked, judged);
    slot_of(selection, contract) = chosen->row;
    return {};
}

}  // namespace

Result<const BackendRow*, Failure> select_backend(const Identifier& identifier,
                                                  const Options& options) {
    const std::string_view asked = canonical_backend(options.be);
    const BackendRow* named = nullptr;
    std::vector<std::string_view> names;
    std::string serving;
    for (const BackendRow& row : backend_rows()) {
        names.push_back(row.name);
        const bool serves = row.classes.has(identifier.device_class);
        if (serves) serving += (serving.empty() ? "" : ", ") + std::string(row.name);
        if (asked.empty() ? serves && named == nullptr : row.name == asked) named = &row;
    }
    if (named == nullptr && asked.empty()) {
        return fail(Errc::unsupported,
                    quoted(identifier.text) + " names " +
                        std::string(device_class_phrase(identifier.device_class)) +
                        ", which no backend of this build opens. 'xnvme "
                        "library-info' lists what it has.");
    }
    if (const std::string_view whose = foreign_backend(asked); named == nullptr && !whose.empty()) {
        return fail(Errc::unsupported, "The backend " + quoted(options.be) + " is " +
                                           std::string(whose) + ", and not part of this build.");
    }
    if (named == nullptr) {
        const std::string_view near = text::nearest(asked, names);
        std::string sentence = "There is no backend " + quoted(asked) + ".";
        if (!near.empty()) sentence += " Did you mean " + quoted(near) + "?";
        sentence += " For " + quoted(identifier.text) + " there is " +
                    (serving.empty() ? "none" : serving) + ".";
        return fail(Errc::not_found, std::move(sentence));
    }
    if (!named->classes.has(identifier.device_class)) {
        return fail(Errc::unsupported,
                    "The backend " + quoted(named->name) + " does not open " +
                        quoted(identifier.text) + ", which is " +
                        std::string(device_class_phrase(identifier.device_class)) + ". Use " +
                        (serving.empty() ? "none" : serving) + ".");
    }
    return named;
}

Result<void, Failure> check_names(const Identifier& identifier, const Options& options) {
    for (const Contract contract :
         {Contract::async, Contract::sync, Contract::admin, Contract::memory}) {
        if (auto checked = check_name(contract, identifier, options); !checked) return checked;
    }
    return {};
}

Result<void, Failure> select_interfaces(const Handle& handle, const Options& options,
                                        Selection& selection) {
    Result<void, Failure> outcome;
    for (const Contract contract :
         {Contract::async, Contract::sync, Contract::admin, Contract::memory}) {
        auto selected = select_one(contract, handle, options, selection);
        if (!selected && outcome) outcome = std::move(selected);
    }
    return outcome;
}

}  // namespace xnvme::core
