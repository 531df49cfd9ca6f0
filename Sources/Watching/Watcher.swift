internal import CLinux
internal import Glibc
internal import Model
internal import Platform
internal import Synchronization

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
    static let process: UInt64 = 2
    static let mounts: UInt64 = 3
  }

  struct Waiter {
    let cookie: UInt64
    let passesGate: Bool
    /// When its cookie was met.
    var ready: Instant?
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

  /// Names to look at: (directory, name), and whether the content is looked at though the status says nothing.
  var marks: [UInt64: Bool] = [:]
  /// Directories that came, went or lost their watch: (directory, name).
  var structure: Set<UInt64> = []
  /// Structural marks in directories that are adrift.
  var below: Set<UInt64> = []
  /// Structural marks whose path led elsewhere; tried again with the next events.
  var postponed: Set<UInt64> = []
  var postponements = 0
  /// When those who wait for a `sync` have what could not be reached tried again.
  var retryAt: Instant?
  /// Marks of directories that were not where they are recorded, while the others are worked on.
  var deferred: [UInt64: Bool] = [:]
  /// When everything is compared, if it has to be.
  var rescanAt: Instant?
  var lastOverflow: Instant?
  var overflowPause = Duration.zero
  var pollAt: Instant?
  /// Since when the root has been away.
  var lostAt: Instant?
  var lastRootCheck: Instant?
  var isRootSuspect = false
  /// Watches on the directories on the way to the root.
  var placeWatches: Set<Int32> = []
  var mountTable: Descriptor?
  var mounts: Set<[UInt8]> = []
  var toldComplaints: [Diagnostic] = []
  /// Why there are no cookies, where there are none.
  var cookieFailure: ErrorNumber?
  /// Directories whose ignore files may have changed.
  var ruleMarks: Set<Entry> = []
  /// Directories taken out of the tree whose new place is not known yet, with the scope they were in.
  var adrift: [Entry: IgnoreScope?] = [:]
  /// The state of paths that were touched since the last set settled, before they were.
  var pending: [PathBook.PathID: Baseline] = [:]

  /// Files whose digest somebody waits for before they can be told: since when.
  var awaited: [Entry: Instant] = [:]
  let digestWorker: DigestWorker
  /// Requests to the worker that have no answer yet.
  var requested = 0
  var digestCursor = 0
  var hasUnstoredDigests = false
  var digestedFiles = 0
  var digestedBytes: UInt64 = 0

  /// Watches that were told of before their directory was known, while several threads crawl.
  var earlyWatches: Set<Int32>?
  /// Directories that are looked at from time to time; those on file systems that tell nobody are among them.
  var polled: Set<Entry> = []
  var remote: Set<Entry> = []
  var unreadable: Set<Entry> = []
  /// Why the newest watch could not be set.
  var watchFailure: ErrorNumber?

  /// Of the stored view and its journal.
  var generation: UInt64 = 0
  var journal: ChangeJournal?
  var viewLength = 0
  /// What the first comparison with the stored view found.
  var changedWhileDown: ChangeSet?
  /// When the view is written next.
  var storeAt: Instant?
  let isStoring = Flag()
  var storeFailure: SystemError?

  var audits: [AuditRun] = []
  var waiters: [Waiter] = []
  var outputs: [Output] = []
  var status = WatchStatus()
  var isArmed = false
  /// Whether `noticed` was told and neither `settled` nor `calm` since.
  var hasNoticed = false

  var reader = DirectoryReader()
  var content = ContentReader()
  var layout: GitLayout?
  var keeper = GateKeeper()
  var toldGate = Gate.open
  /// The watch on git's directory.
  var gitWatch: Int32 = -1
  var isGitStale = false
  /// Directories outside the project with the names of the rule files in them.
  var ruleWatches: [Int32: [[UInt8]]] = [:]
  var isLayoutStale = false
  /// Git processes whose end is waited for, by their descriptors.
  var followed: [Int32: Int32] = [:]
  var cookies: CookieJar
  var rootNumber: Int32 = -1
  /// Watches on single files that have several names, and the inodes that are watched so.
  var inodeOfWatch: [Int32: UInt64] = [:]
  var watchOfInode: [UInt64: Int32] = [:]
  /// Inodes all of whose names are to be looked at.
  var linkMarks: Set<UInt64> = []
  /// More files with several names than single watches: they are looked at at each settling and `sync`.
  var hasUnwatchedLinks = false
  /// What was last told of the status.
  var toldStatus = WatchStatus()

  init(options: WatcherOptions, ticks: any TickSource, clock: any Clock, bell: Int32) throws(SystemError) {
    self.options = options
    self.ticks = ticks
    self.clock = clock
    inotify = try Inotify()
    notifyNumber = inotify.descriptor.number
    poller = try Poller()
    try poller.add(notifyNumber, as: Token.events)
    history = ChangeHistory(floor: ticks.current)
    settler = Settler(options.settle)
    digestWorker = DigestWorker(root: options.root, bell: bell)
    cookies = try CookieJar(directory: options.stateDirectory + "/cookies")
  }

  deinit {
    for descriptor in followed.values { close(descriptor) }
    if rootNumber >= 0 { close(rootNumber) }
  }

  // MARK: Opening

  /// The root, open until the end of this round of work. It is not kept longer: an open descriptor would keep its file
  /// system from being unmounted.
  func openRoot() -> Int32? {
    if rootNumber < 0 { rootNumber = Place.openRoot(options.root) ?? -1 }
    return rootNumber < 0 ? nil : rootNumber
  }

  func closeRoot() {
    if rootNumber >= 0 { close(rootNumber) }
    rootNumber = -1
  }

  func open(_ path: [UInt8]) -> Place.Opened {
    guard let root = openRoot() else { return .failed(ENOENT) }
    return Place.open(path, in: root)
  }

  /// Opens a watched directory by its recorded path; nil when something else lies there by now.
  func open(_ directory: Entry) -> Int32? {
    // The entry may have gone, and another one have its number, since it was noted down.
    guard table.isLive(directory), table.isDirectory(directory),
      case .descriptor(let number) = open(table.path(directory))
    else { return nil }
    guard case .success(let status) = EntryStatus.read(descriptor: number), isSame(directory, status) else {
      close(number)
      return nil
    }
    return number
  }

  func isSame(_ directory: Entry, _ status: EntryStatus) -> Bool {
    table.isLive(directory) && table.isDirectory(directory) && table.inode(directory) == status.inode
      && table.device(directory) == status.device
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
    status.polledDirectories = polled.count
    status.mode = polled.isEmpty ? .inotify : polled.count >= table.directoryCount ? .polling : .mixed
  }
}

/// A flag that two threads share.
final class Flag: Sendable {
  private let value = Atomic(false)

  func exchange(_ new: Bool) -> Bool { value.exchange(new, ordering: .acquiringAndReleasing) }
  func clear() { value.store(false, ordering: .releasing) }
  var isSet: Bool { value.load(ordering: .acquiring) }
}
