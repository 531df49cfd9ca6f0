internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// The watched view of one project and all that keeps it true. It lives on one thread.
///
/// The kernel's events are taken as hints that say where to look; what is recorded is only what a look found. A hint is
/// a mark on (directory, name), never on a path: a directory keeps its entry and its watch when it is renamed, so its
/// marks stay right. Before something is recorded it is made sure that the path led to the very directory that was meant
/// (its inode, or the parent of what was opened); otherwise the mark waits for the event that explains it.
final class Watcher {
  typealias Entry = FileTable.Entry

  /// What leaves the watcher, in order.
  enum Output {
    case event(WatchEvent)
    case call(@Sendable () -> Void)
  }

  /// What stood at a path when the last set of changes settled.
  struct Baseline {
    var status: EntryStatus?
    var digest: SIMD2<UInt64>?
  }

  /// What the poller's descriptors are known by.
  enum Token {
    static let events: UInt64 = 0
    static let bell: UInt64 = 1
  }

  struct Waiter {
    let cookie: UInt64
    let passesGate: Bool
    var isReady = false
    let done: @Sendable (Tick) -> Void
  }

  var options: WatcherOptions
  let ticks: any TickSource
  let clock: any Clock

  let inotify: Inotify
  let notifyNumber: Int32
  var poller: Poller
  var table = FileTable()
  var directoryOfWatch: [Int32: Entry] = [:]
  var paths = PathBook()
  var history: ChangeHistory
  var settler: Settler

  /// Names to look at: (directory, name) and whether the content may have moved.
  var marks: [UInt64: Bool] = [:]
  /// Directories that came, went or lost their watch: (directory, name).
  var structure: Set<UInt64> = []
  /// Structural marks whose path led elsewhere; tried again with the next events.
  var postponed: Set<UInt64> = []
  var postponements = 0
  /// Marks of directories that were not where they are recorded, while the others are worked on.
  var deferred: [UInt64: Bool] = [:]
  var needsRescan = false
  /// Why there are no cookies, where there are none.
  var cookieFailure: ErrorNumber?
  /// Directories whose ignore files may have changed.
  var ruleMarks: Set<Entry> = []
  /// Directories taken out of the tree whose new place is not known yet, with the scope they were in.
  var adrift: [Entry: IgnoreScope?] = [:]
  /// The state of paths that were touched since the last set settled, before they were.
  var pending: [PathBook.PathID: Baseline] = [:]

  var waiters: [Waiter] = []
  var outputs: [Output] = []
  var status = WatchStatus()
  var isArmed = false
  /// Whether `noticed` was told and neither `settled` nor `calm` since.
  var hasNoticed = false

  var reader = DirectoryReader()
  var content = ContentReader()
  var layout: GitLayout?
  var cookies: CookieJar
  var rootNumber: Int32 = -1
  /// What was last told of the status.
  var toldStatus = WatchStatus()

  init(options: WatcherOptions, ticks: any TickSource, clock: any Clock) throws(SystemError) {
    self.options = options
    self.ticks = ticks
    self.clock = clock
    inotify = try Inotify()
    notifyNumber = inotify.descriptor.number
    poller = try Poller()
    try poller.add(notifyNumber, as: Token.events)
    history = ChangeHistory(floor: ticks.current)
    settler = Settler(options.settle)
    cookies = try CookieJar(directory: options.stateDirectory + "/cookies")
  }

  deinit {
    if rootNumber >= 0 { close(rootNumber) }
  }

  // MARK: Opening

  /// The root, open until the end of this round of work. It is not kept longer: an open descriptor would keep its file
  /// system from being unmounted.
  func openRoot() -> Int32? {
    if rootNumber >= 0 { return rootNumber }
    let number = unsafe Files.withPath(options.root) {
      unsafe cl_openat(AT_FDCWD, $0, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0)
    }
    if number < 0 { return nil }
    rootNumber = number
    return number
  }

  func closeRoot() {
    if rootNumber >= 0 { close(rootNumber) }
    rootNumber = -1
  }

  enum Opened {
    case descriptor(Int32)
    case failed(Int32)
  }

  /// Opens a directory below the root without following a link anywhere on the way. The caller closes it.
  func open(_ path: [UInt8]) -> Opened {
    guard let root = openRoot() else { return .failed(ENOENT) }
    let flags = UInt64(O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW)
    let number = unsafe Files.withPath(path.isEmpty ? [UInt8(ascii: ".")] : path) {
      unsafe cl_openat2(root, $0, flags, 0, UInt64(CL_RESOLVE_NO_SYMLINKS | CL_RESOLVE_BENEATH))
    }
    return number < 0 ? .failed(-number) : .descriptor(number)
  }

  /// Opens a watched directory by its recorded path; nil when something else lies there by now.
  func open(_ directory: Entry) -> Int32? {
    guard case .descriptor(let number) = open(table.path(directory)) else { return nil }
    guard case .success(let status) = EntryStatus.read(descriptor: number), isSame(directory, status) else {
      close(number)
      return nil
    }
    return number
  }

  func isSame(_ directory: Entry, _ status: EntryStatus) -> Bool {
    table.inode(directory) == status.inode && table.device(directory) == status.device
  }

  // MARK: Marks

  func key(_ directory: Entry, _ name: UInt32) -> UInt64 { UInt64(directory) << 32 | UInt64(name) }

  func mark(_ directory: Entry, _ name: UInt32, content: Bool) {
    let key = key(directory, name)
    if content { marks[key] = true } else if marks[key] == nil { marks[key] = false }
  }

  func markStructure(_ directory: Entry, _ name: UInt32) { structure.insert(key(directory, name)) }

  /// The way in which ignore rules see a path.
  func fullPath(_ directory: Entry) -> [UInt8] {
    let path = table.path(directory)
    guard let prefix = layout?.prefix, !prefix.isEmpty else { return path }
    return path.isEmpty ? prefix : prefix + [UInt8(ascii: "/")] + path
  }

  // MARK: Remembering

  /// Keeps what stands at the entry's path before it is touched, unless that is kept already.
  func remember(_ entry: Entry) {
    let id = paths.id(of: entry, in: table)
    if pending[id] == nil {
      pending[id] = Baseline(status: table.status(entry), digest: table.digest(entry))
    }
  }

  func rememberAbsent(_ directory: Entry, _ name: UInt32) {
    let id = paths.id(paths.id(of: directory, in: table), name)
    if pending[id] == nil { pending[id] = Baseline(status: nil, digest: nil) }
  }

  /// Calls `body` for every file at or below an entry.
  func forEachFile(below entry: Entry, _ body: (Entry) -> Void) {
    if !table.isDirectory(entry) { return body(entry) }
    var stack = [entry]
    while let directory = stack.popLast() {
      var child = table.firstChild(directory)
      while child != FileTable.none {
        let next = table.next(child)
        if table.isDirectory(child) { stack.append(child) } else { body(child) }
        child = next
      }
    }
  }

  // MARK: Telling

  func tell(_ event: WatchEvent) { outputs.append(.event(event)) }

  func refreshStatus() {
    status.directories = table.directoryCount
    status.files = table.fileCount
  }
}
