/// What the daemon asks of a supervisor: one process to start, watch, bound and reap.
///
/// It lies as `order` in the run's directory. `mcpd-exec` leaves beside it `output` (the kept log), `report` (if the
/// runner wrote one), and at last `outcome`, which appears whole or not at all.
package struct RunOrder: Hashable, Sendable {
  package let run: RunID
  /// Absolute path of the program first; looked up by the daemon, not by the supervisor.
  package let command: [String]
  /// Absolute.
  package let directory: [UInt8]
  /// `NAME=value`, complete: nothing is inherited.
  package let environment: [String]
  package let timeLimit: Duration
  /// Between TERM and KILL.
  package let grace: Duration
  /// Of the output, how many bytes of its beginning and of its end are kept.
  package let keptHead: Int
  package let keptTail: Int
  /// Gives way to everything else on the machine.
  package let isBackground: Bool
  /// Whom the process becomes; nil is the supervisor's own user.
  package let user: User?

  package struct User: Hashable, Sendable {
    package let uid: UInt32
    package let gid: UInt32
    package let groups: [UInt32]

    package init(uid: UInt32, gid: UInt32, groups: [UInt32]) {
      self.uid = uid
      self.gid = gid
      self.groups = groups
    }
  }

  package init(
    run: RunID, command: [String], directory: [UInt8], environment: [String], timeLimit: Duration,
    grace: Duration = .seconds(2), keptHead: Int = 512 << 10, keptTail: Int = 512 << 10,
    isBackground: Bool = false, user: User? = nil
  ) {
    self.run = run
    self.command = command
    self.directory = directory
    self.environment = environment
    self.timeLimit = timeLimit
    self.grace = grace
    self.keptHead = keptHead
    self.keptTail = keptTail
    self.isBackground = isBackground
    self.user = user
  }

  private static let magic = "mcpd-order-2"

  package var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.write(Self.magic)
    writer.write(run.tick.number)
    writer.write(command)
    writer.write(directory)
    writer.write(environment)
    writer.write(timeLimit.wholeNanoseconds)
    writer.write(grace.wholeNanoseconds)
    writer.write(Int64(keptHead))
    writer.write(Int64(keptTail))
    writer.write(isBackground)
    if let user {
      for number in [user.uid, user.gid] + user.groups { writer.write(UInt64(number)) }
    }
    return writer.bytes
  }

  package init(decoding bytes: [UInt8]) throws(ByteReader.Malformed) {
    var reader = ByteReader(bytes)
    guard try reader.text() == Self.magic else { throw ByteReader.Malformed(offset: 0) }
    run = RunID(Tick(try reader.unsigned()))
    command = try reader.texts()
    directory = try reader.data()
    environment = try reader.texts()
    timeLimit = .nanoseconds(try reader.signed())
    grace = .nanoseconds(try reader.signed())
    let bounds = reader.offset
    guard let head = Int(exactly: try reader.signed()), let tail = Int(exactly: try reader.signed()),
      (0...(1 << 30)).contains(head), (0...(1 << 30)).contains(tail)
    else { throw ByteReader.Malformed(offset: bounds) }
    keptHead = head
    keptTail = tail
    isBackground = try reader.flag()
    var numbers: [UInt32] = []
    while !reader.isAtEnd {
      let start = reader.offset
      guard let number = UInt32(exactly: try reader.unsigned()), numbers.count < 70_000 else {
        throw ByteReader.Malformed(offset: start)
      }
      numbers.append(number)
    }
    guard numbers.count != 1 else { throw ByteReader.Malformed(offset: reader.offset) }
    user = numbers.isEmpty ? nil : User(uid: numbers[0], gid: numbers[1], groups: Array(numbers.dropFirst(2)))
    guard reader.isAtEnd, !command.isEmpty else { throw ByteReader.Malformed(offset: reader.offset) }
  }
}

/// What a supervisor saw of its run: facts only, the daemon judges.
package struct RunOutcome: Hashable, Sendable {
  package enum End: Hashable, Sendable {
    case exited(code: Int)
    case signaled(signal: Int)
    /// The time limit passed; everything was stopped.
    case overTime
    /// The daemon asked for the stop.
    case stopped
    /// The process never started: which step failed, why.
    case notStarted(String)
  }

  package let run: RunID
  package let end: End
  package let started: Timestamp
  /// From exec to exit.
  package let duration: Duration
  package let usage: Usage
  /// How many bytes of output fell out between the kept beginning and end.
  package let outputDropped: UInt64
  /// How many processes were still alive when the run's own process had ended, and were ended.
  package let leftOver: Int

  package init(
    run: RunID, end: End, started: Timestamp, duration: Duration, usage: Usage = Usage(),
    outputDropped: UInt64 = 0,
    leftOver: Int = 0
  ) {
    self.run = run
    self.end = end
    self.started = started
    self.duration = duration
    self.usage = usage
    self.outputDropped = outputDropped
    self.leftOver = leftOver
  }

  private static let magic = "mcpd-outcome-1"

  package var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.write(Self.magic)
    writer.write(run.tick.number)
    switch end {
    case .exited(let code):
      writer.write(UInt64(0))
      writer.write(Int64(code))
    case .signaled(let signal):
      writer.write(UInt64(1))
      writer.write(Int64(signal))
    case .overTime: writer.write(UInt64(2))
    case .stopped: writer.write(UInt64(3))
    case .notStarted(let why):
      writer.write(UInt64(4))
      writer.write(why)
    }
    writer.write(started.milliseconds)
    writer.write(duration.wholeNanoseconds)
    writer.write(usage.cpu != nil)
    writer.write(usage.cpu?.wholeNanoseconds ?? 0)
    writer.write(usage.memoryPeakBytes != nil)
    writer.write(usage.memoryPeakBytes ?? 0)
    writer.write(outputDropped)
    writer.write(Int64(leftOver))
    return writer.bytes
  }

  package init(decoding bytes: [UInt8]) throws(ByteReader.Malformed) {
    var reader = ByteReader(bytes)
    guard try reader.text() == Self.magic else { throw ByteReader.Malformed(offset: 0) }
    run = RunID(Tick(try reader.unsigned()))
    let kind = reader.offset
    switch try reader.unsigned() {
    case 0: end = .exited(code: try Self.small(&reader))
    case 1: end = .signaled(signal: try Self.small(&reader))
    case 2: end = .overTime
    case 3: end = .stopped
    case 4: end = .notStarted(try reader.text())
    default: throw ByteReader.Malformed(offset: kind)
    }
    started = Timestamp(milliseconds: try reader.signed())
    duration = .nanoseconds(try reader.signed())
    let hasCPU = try reader.flag()
    let cpu = try reader.signed()
    let hasMemory = try reader.flag()
    let memory = try reader.unsigned()
    usage = Usage(cpu: hasCPU ? .nanoseconds(cpu) : nil, memoryPeakBytes: hasMemory ? memory : nil)
    outputDropped = try reader.unsigned()
    leftOver = try Self.small(&reader)
    guard reader.isAtEnd else { throw ByteReader.Malformed(offset: reader.offset) }
  }

  private static func small(_ reader: inout ByteReader) throws(ByteReader.Malformed) -> Int {
    let start = reader.offset
    guard let value = Int32(exactly: try reader.signed()) else { throw ByteReader.Malformed(offset: start) }
    return Int(value)
  }
}
