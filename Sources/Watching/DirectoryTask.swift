internal import CLinux
internal import Glibc

/// A directory to be watched and listed.
struct DirectoryTask: Sendable {
  /// The entry of the directory above; `FileTable.none` for the root, and while only the token is known.
  var parent: FileTable.Entry
  /// Which directory must lie above it.
  let aboveInode: UInt64
  let aboveDevice: UInt64
  let name: [UInt8]
  let path: [UInt8]
  let full: [UInt8]
  let outer: IgnoreScope
  /// Whether the file system of the directory above tells nobody of changes.
  let isRemote: Bool
  /// The task's number in a crawl with several threads, its parent's, and the last of its children's.
  var token = 0
  var parentToken = -1
  var lastChildToken = 0

  var isRoot: Bool { path.isEmpty }

  /// The task for a directory that was found in this one.
  func below(_ name: ArraySlice<UInt8>, _ listing: Listing, _ isRemote: Bool, parent: FileTable.Entry)
    -> DirectoryTask
  {
    DirectoryTask(
      parent: parent, aboveInode: listing.status.inode, aboveDevice: listing.status.device, name: Array(name),
      path: Watcher.join(path, name), full: Watcher.join(full, name), outer: listing.scope, isRemote: isRemote
    )
  }

  /// Opens, watches, then lists: whatever happens after the watch is told, whatever happened before is found.
  func perform(root: Int32, inotify: Int32, _ reader: inout DirectoryReader) -> DirectoryResult {
    let directory: Int32
    switch Place.open(path, in: root) {
    case .descriptor(let number): directory = number
    case .failed(let number): return DirectoryResult(task: self, found: .failed(ErrorNumber(number)))
    }
    defer { close(directory) }
    if !isRoot {
      // By its path anything might lie here by now: it counts only if the directory above is the one that was meant.
      guard case .success(let above) = EntryStatus.read(in: directory, Array("..".utf8)),
        above.inode == aboveInode,
        above.device == aboveDevice
      else { return DirectoryResult(task: self, found: .elsewhere) }
    }
    var watch: Int32 = -1
    var failure: ErrorNumber?
    switch Inotify.watch(inotify, open: directory, .directory) {
    case .success(let number): watch = number
    case .failure(let number): failure = number
    }
    let listing = reader.read(directory, outer: outer, full: full, isRoot: isRoot)
    // Below the same file system it is the same; statfs is asked where another begins.
    let isRemote =
      !isRoot && listing.status.device == aboveDevice
      ? isRemote : FileSystemKind.isRemote(descriptor: directory)
    return DirectoryResult(
      task: self, found: .listed(listing, watch: watch, watchFailure: failure, isRemote: isRemote))
  }
}

/// What came of a task.
struct DirectoryResult: Sendable {
  enum Found: Sendable {
    case listed(Listing, watch: Int32, watchFailure: ErrorNumber?, isRemote: Bool)
    /// It lies under another directory than the one that was meant.
    case elsewhere
    case failed(ErrorNumber)
  }

  let task: DirectoryTask
  let found: Found
}

/// What kind of file system a directory lies on.
enum FileSystemKind {
  /// File systems whose content changes on another machine, or in another program, without this kernel hearing of it.
  private static let remote: Set<UInt32> = [
    0x6969,  // NFS
    0xff53_4d42, 0xfe53_4d42, 0x517b,  // CIFS, SMB2, SMB
    0x6573_5546,  // FUSE
    0x0102_1997,  // 9P
    0x5346_414f, 0x6b41_4653,  // AFS
    0x00c3_6400,  // Ceph
    0x7375_7245,  // Coda
    0x564c,  // NCP
    0x0bd0_0bd0,  // Lustre
    0x0116_1970,  // GFS2
    0x7461_636f,  // OCFS2
    0x786f_4256,  // VirtualBox's shared folders
    0xaad7_aaea,  // Panasas
    0x4750_4653,  // GPFS
  ]

  static func isRemote(descriptor: Int32) -> Bool {
    var status = statfs()
    guard unsafe fstatfs(descriptor, &status) == 0 else { return false }
    return remote.contains(UInt32(truncatingIfNeeded: status.f_type))
  }
}
