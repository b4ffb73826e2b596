// SPDX-License-Identifier: Apache-2.0

/// Why a model could not be downloaded, kept or removed; the description is one line that names the model or the file.
package enum HubError: Error, Equatable, CustomStringConvertible {
    /// The hub has no such model, or none for this caller.
    case noModel(ModelName, hasToken: Bool)
    case noRevision(String, of: ModelName)
    /// The model's owner decides who may download it.
    case notAllowed(ModelName)
    /// The model has not all the files that Darkroom reads.
    case missing(String, of: ModelName)
    /// Something that the hub said and that cannot be.
    case badAnswer(subject: String, problem: String)
    /// An answer with a status that more attempts will not change.
    case status(subject: String, Int)
    /// The hub did not answer, as often as it was asked.
    case gaveUp(subject: String, reason: String)
    /// A file is longer or shorter than the hub announced.
    case wrongSize(file: String, announced: Int, sent: String)
    /// A file is not what the hub announced; it was thrown away.
    case wrongBytes(file: String)
    /// The disk has less space than the files need.
    case noSpace(directory: String, needed: Int, free: Int)
    /// A file or directory cannot be read or written.
    case disk(path: String, reason: String)
    /// Another process is downloading the model.
    case busy(ModelName)
    /// There is something else where the model would go.
    case occupied(path: String)
    /// There is no such model to remove.
    case notInstalled(ModelName, directory: String)

    package var description: String {
        switch self {
        case .noModel(let name, let hasToken):
            "\(name): the hub has no such model, "
                + (hasToken ? "or none that the token in HF_TOKEN may read" : "or one that needs a token in HF_TOKEN")
        case .noRevision(let revision, let name): "\(name): the hub has no revision '\(revision)' of it"
        case .notAllowed(let name):
            "\(name): the hub does not let you download it; ask for access on its page and give a token in HF_TOKEN"
        case .missing(let what, let name): "\(name): has no \(what), which Darkroom needs"
        case .badAnswer(let subject, let problem): "\(subject): the hub's answer makes no sense: \(problem)"
        case .status(let subject, let code): "\(subject): the hub answered with status \(code)"
        case .gaveUp(let subject, let reason):
            "\(subject): \(reason), again and again; the same command continues where this one stopped"
        case .wrongSize(let file, let announced, let sent):
            "\(file): the hub announced \(announced) bytes and sends \(sent); nothing of it was kept"
        case .wrongBytes(let file): "\(file): the checksum is wrong; the file was thrown away"
        case .noSpace(let directory, let needed, let free):
            "\(directory): the disk is full: \(Self.size(needed)) are needed and \(Self.size(free)) are free"
        case .disk(let path, let reason): "\(path): \(reason)"
        case .busy(let name): "\(name): another process is downloading or removing it"
        case .occupied(let path): "\(path): is there already, and 'darkroom models pull' did not put it there"
        case .notInstalled(let name, let directory): "\(name): is not in \(directory)"
        }
    }

    private static func size(_ bytes: Int) -> String {
        bytes < 10_000_000 ? "\(bytes) bytes" : "\(bytes / 1_000_000) MB"
    }
}
