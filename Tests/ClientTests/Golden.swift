internal import Glibc
import Platform
import Testing

/// Compares a text with the file of that name in `Golden/`; `MCPD_UPDATE_GOLDEN=1` writes the file instead.
func expectGolden(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let path = Files.parent(of: #filePath) + "/Golden/" + name
  if unsafe getenv("MCPD_UPDATE_GOLDEN") != nil {
    do { try Files.replace(path, with: Array(text.utf8), permissions: 0o644) } catch {
      Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return
  }
  guard let bytes = try? Files.read(path) else {
    Issue.record("there is no \(path); MCPD_UPDATE_GOLDEN=1 writes it", sourceLocation: sourceLocation)
    return
  }
  let wanted = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
  let found = text.split(separator: "\n", omittingEmptySubsequences: false)
  for index in 0..<max(wanted.count, found.count) {
    let left = index < wanted.count ? wanted[index] : "(nothing)"
    let right = index < found.count ? found[index] : "(nothing)"
    if left != right {
      Issue.record(
        "\(name):\(index + 1): wanted `\(left)`, found `\(right)`", sourceLocation: sourceLocation)
      return
    }
  }
}
