internal import Glibc
internal import Model
package import Platform

/// The `.mcpd.yaml` that `init` writes: what detection found, each value with the reason beside it.
package struct InitialFile: Sendable {
  /// Of the whole file.
  package let text: String
  /// Where it belongs.
  package let path: String
  /// What was found, one sentence each.
  package let explanations: [String]
  /// The domains that the file names.
  package let domains: [String]

  /// Detects afresh, whatever file lies there already.
  package static func make(project directory: String) -> InitialFile {
    let root = ProjectRoot.find(from: directory)
    let tree = ProjectTree.walk(DiskTree(root: root))
    return make(root: root, tree: tree)
  }

  /// The same for a tree that need not be on a disk.
  package static func make(root: String, tree: some FileTree) -> InitialFile {
    make(root: root, tree: ProjectTree.walk(tree))
  }

  private static func make(root: String, tree: ProjectTree) -> InitialFile {
    let detection = Detector.detect(in: tree.without(tree.nestedProjects))
    let name = root.split(separator: "/").last.map(String.init) ?? "project"
    return InitialFile(
      text: text(of: detection, name: name), path: root + "/" + ConfigurationLoader.fileName,
      explanations: detection.explanations, domains: detection.domains.map(\.name.text))
  }

  private static func text(of detection: Detection, name: String) -> String {
    var lines = [
      "# What mcpd tests here, and how. Written by `mcpd-client init` from what was found; it is yours now.",
      "# Check it after an edit with `mcpd-client config check`; `mcpd-client config show` explains every setting.",
      "",
      "version: 1  # of this file's form",
      "",
    ]
    let isNamed = TextRule.projectName.refusal(of: name) == nil
    lines.append(
      isNamed ? "# name: \(Value.text(name).yaml)  # the directory's name, unless you say another" : "")
    lines += detection.notes.map { "# Seen and left aside: " + comment($0) }
    lines.append("")
    if detection.domains.isEmpty {
      lines += [
        "domains: {}", "# For example:", "# domains:", "#   check:", "#     runner: command",
        "#     command: [./check.sh]  # green when it leaves with 0",
      ]
      return lines.joined(separator: "\n") + "\n"
    }
    lines.append("domains:")
    for domain in detection.domains {
      lines.append("  \(domain.name):")
      lines.append("    # Found: \(comment(domain.because)).")
      for setting in domain.settings {
        if setting.because != domain.because {
          lines.append("    # \(capitalised(comment(setting.because))).")
        }
        lines.append("    \(setting.key): \(setting.value.yaml)\(meaning(setting.key))")
      }
    }
    lines += [
      "",
      "# What else a domain can say, with what counts as long as nothing does (Docs/configuration.md has it all):",
    ]
    for key in Schema.domain
    where ["on", "parallel", "budget.time", "needs", "retries.failed", "cache"].contains(key.name) {
      let value = key.get(DomainSettings(name: detection.domains[0].name, runner: .command))?.yaml
      let shown = key.name.split(separator: ".")
      let written = value ?? key.example
      let line = shown.count == 2 ? "\(shown[0]): {\(shown[1]): \(written)}" : "\(key.name): \(written)"
      lines.append(
        "#     \(line)  # \(key.text)" + (value == nil ? " (\(key.unset ?? "unset") unless said)" : ""))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What a key is for, behind its value.
  private static func meaning(_ key: String) -> String {
    guard let text = Schema.domain.first(where: { $0.name == key })?.text, key != "runner" else { return "" }
    return "  # " + text
  }

  /// Names of files go into comments; none of them may end the line or bring control characters along.
  private static func comment(_ text: String) -> String {
    Printable.text(String(text.unicodeScalars.prefix(200)))
  }

  private static func capitalised(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  package enum WriteFailure: Error, Sendable {
    case exists(path: String)
    case system(SystemError)
  }

  /// Never over a file that is there already, unless forced; what lies there is replaced whole or not at all.
  package func write(force: Bool) throws(WriteFailure) {
    do throws(SystemError) {
      if force {
        try Files.replace(path, with: Array(text.utf8), permissions: 0o644)
        return
      }
      let descriptor = try Files.open(path, [.write, .create, .exclusive, .noFollow], permissions: 0o644)
      do throws(SystemError) {
        try Files.write(Array(text.utf8), to: descriptor, named: path)
      } catch {
        // Half a file would be taken for a whole one.
        try? Files.remove(path)
        throw error
      }
    } catch {
      if error.number == EEXIST { throw .exists(path: path) }
      throw .system(error)
    }
  }
}
