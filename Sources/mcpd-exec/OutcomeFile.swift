internal import Glibc
internal import Model
internal import Platform

/// The file that says how the run ended; it appears whole or not at all.
enum OutcomeFile {
  /// Takes its room on the disk before the run can fill it.
  static func reserve(in place: String) {
    guard let file = try? Files.open(place + "/outcome.new", [.write, .create]) else { return }
    _ = posix_fallocate(file.number, 0, 4096)
  }

  static func write(_ outcome: RunOutcome, in place: String) throws(SystemError) {
    let path = place + "/outcome.new"
    do {
      let bytes = outcome.encoded
      let file = try Files.open(path, [.write, .create])
      try Files.write(bytes, to: file, named: path)
      if ftruncate(file.number, off_t(bytes.count)) != 0 { throw .last("shorten", path) }
    }
    try Files.rename(path, to: place + "/outcome")
  }
}
