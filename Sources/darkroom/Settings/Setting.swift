// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Something an operator can decide without the command line: an option whose value may also come from the environment or
/// from a file, always under the same name.
///
/// `max-workers` is `--max-workers 2`, `DARKROOM_MAX_WORKERS=2` and `{"max-workers": 2}`.
struct Setting: Hashable {
    /// The option's name, without its dashes.
    var name: String
    /// Whether it is a flag: `--name` or `--no-name`.
    var isFlag = false

    /// The option.
    var option: String { "--" + name }

    /// The environment's variable.
    var variable: String { "DARKROOM_" + name.uppercased().replacing("-", with: "_") }

    /// The arguments that say what `value` says; `nil` when a flag's value is neither true nor false.
    func arguments(for value: String) -> [String]? {
        guard isFlag else { return ["\(option)=\(value)"] }
        switch value.lowercased() {
        case "true", "1", "yes": return [option]
        case "false", "0", "no": return ["--no-\(name)"]
        default: return nil
        }
    }
}

/// A command whose options may come from elsewhere.
protocol ConfigurableCommand: ParsableCommand {
    /// The options that may.
    static var settings: [Setting] { get }
}
