package import Model

/// A diagnostic, and how many characters of its line it is about (for the carets below the line).
package struct Mistake: Hashable, Sendable, Error {
  package let diagnostic: Diagnostic
  package let width: Int

  package init(_ diagnostic: Diagnostic, width: Int = 1) {
    self.diagnostic = diagnostic
    self.width = width
  }
}

/// The stable codes of everything that can be wrong with a configuration.
enum Code: String, CaseIterable, Sendable {
  // The file.
  case cannotRead = "cannot-read"
  case notAFile = "not-a-file"
  case tooLarge = "too-large"
  case badEncoding = "bad-encoding"
  case controlCharacter = "control-character"
  // The YAML in it.
  case syntax
  case unclosed
  case tabIndentation = "tab-indentation"
  case secondDocument = "second-document"
  case tooDeep = "too-deep"
  case unknownAlias = "unknown-alias"
  case recursiveAlias = "recursive-alias"
  case badMerge = "bad-merge"
  case unknownTag = "unknown-tag"
  case badKey = "bad-key"
  case duplicateKey = "duplicate-key"
  // The settings in that.
  case unknownKey = "unknown-key"
  case missingKey = "missing-key"
  case missingValue = "missing-value"
  case wrongType = "wrong-type"
  case unknownValue = "unknown-value"
  case outOfRange = "out-of-range"
  case emptyList = "empty-list"
  case badDuration = "bad-duration"
  case badSize = "bad-size"
  case badShare = "bad-share"
  case badCores = "bad-cores"
  case badDate = "bad-date"
  case badPath = "bad-path"
  case badName = "bad-name"
  case reservedName = "reserved-name"
  case badReach = "bad-reach"
  case unknownPlaceholder = "unknown-placeholder"
  case unknownVersion = "unknown-version"
  case notHere = "not-here"
  // What fits together with what.
  case unknownDomain = "unknown-domain"
  case needsCycle = "needs-cycle"
  case loweredLimit = "lowered-limit"
}
