internal import Glibc
internal import Model
internal import Platform

/// Digests that are read in the background.
extension Watcher {
  /// Larger files are not read while the watch waits.
  static let inlineLimit: UInt64 = 4 << 20
  private static let batch = 256

  func requestDigest(_ entry: Entry, isUrgent: Bool) {
    requested += 1
    digestWorker.ask([
      DigestWorker.Request(
        entry: entry, path: table.path(entry), status: table.status(entry), isUrgent: isUrgent,
        isPast: !isRacy(table.status(entry), clock.wall().milliseconds))
    ])
  }

  /// Takes what the worker has found. A digest counts only if the entry still has the status that it was read at.
  func collectDigests() {
    for answer in digestWorker.takeAnswers() {
      requested -= 1
      let entry = answer.request.entry
      let isCurrent =
        table.isLive(entry) && table.parent(entry) != FileTable.none && !table.isDirectory(entry)
        && table.status(entry).isSame(as: answer.request.status)
      let isAwaited = awaited[entry] != nil
      switch answer.outcome {
      // Marked ones are looked at again: the content that was read may be newer than what is recorded.
      case .digest(let digest, let status)
      where isCurrent && status.isSame(as: answer.request.status)
        && (isAwaited || marks[key(table.parent(entry), table.name(entry))] == nil):
        table.setDigest(entry, digest)
        if answer.request.isPast { table.set(entry, .racy, false) }
      default: break
      }
      if isAwaited && isCurrent {
        awaited[entry] = nil
        // Whatever it became, it can be told now.
        settler.note(path: 0, finished: true, at: clock.now())
      }
    }
    feedWorker()
  }

  /// After the first crawl: all digests, a few at a time, as far as the options allow.
  func feedWorker() {
    guard isArmed, digestCursor < table.capacity, requested < Self.batch else {
      if requested == 0 && hasUnstoredDigests {
        hasUnstoredDigests = false
        storeSoon()
      }
      return
    }
    var requests: [DigestWorker.Request] = []
    let now = clock.wall().milliseconds
    while digestCursor < table.capacity && requests.count < Self.batch {
      let entry = Entry(digestCursor)
      digestCursor += 1
      guard table.isLive(entry), !table.isDirectory(entry), table.digest(entry) == nil else { continue }
      let status = table.status(entry)
      guard status.kind == .file || status.kind == .link else { continue }
      guard digestedFiles < options.backgroundDigestFiles,
        digestedBytes + status.size <= options.backgroundDigestBytes
      else { continue }
      digestedFiles += 1
      digestedBytes += status.size
      requests.append(
        DigestWorker.Request(
          entry: entry, path: table.path(entry), status: status, isUrgent: false, isPast: !isRacy(status, now)
        ))
    }
    requested += requests.count
    hasUnstoredDigests = true
    digestWorker.ask(requests)
  }

  /// A waiter that has waited long enough for a large file is told that it changed, which it may not have.
  func giveUpAwaited() {
    awaited.removeAll()
  }
}
