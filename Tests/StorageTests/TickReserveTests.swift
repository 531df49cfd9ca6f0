import Glibc
import Model
import Platform
import Synchronization
import Testing

@testable import Storage

@Suite struct TickReserveTests {
  let scratch = Scratch()
  var file: String { scratch.path + "/clock" }

  @Test func `ticks from many threads are all different and none stands above what is reserved on disk`()
    throws
  {
    let reserve = try TickReserve(try ClockFile(file), above: 0)
    let each = 60_000
    let answers = (0..<4).map { _ in Answer<[UInt64]>() }
    for answer in answers {
      ThreadBody { answer.put((0..<each).map { _ in reserve.next().number }) }.start(named: "ticks")
    }
    var seen: Set<UInt64> = []
    for answer in answers {
      let ticks = answer.take()
      #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0 < $1 })
      seen.formUnion(ticks)
    }
    #expect(
      seen.count == 4 * each && seen.max() == UInt64(4 * each) && reserve.current.number == UInt64(4 * each))
    // Nothing was closed: this is what a killed daemon leaves.
    #expect(try ClockFile(file).reserved >= UInt64(4 * each))
    let next = try TickReserve(try ClockFile(file), above: 0)
    #expect(next.next().number > UInt64(4 * each))
    next.close()
    reserve.close()
  }

  @Test func `an orderly restart skips no tick`() throws {
    let reserve = try TickReserve(try ClockFile(file), above: 41)
    #expect(reserve.next() == Tick(42))
    reserve.close()
    let next = try TickReserve(try ClockFile(file), above: 7)
    #expect(next.current == Tick(42) && next.next() == Tick(43))
    next.close()
  }

  @Test func `a torn write leaves the copy before it, whatever bytes are there`() throws {
    var chance = Chance("clock file")
    for _ in 0..<50 {
      try? Files.remove(file)
      var written: [UInt64] = []
      do {
        let clock = try ClockFile(file)
        for _ in 0..<Int.random(in: 2...5, using: &chance) {
          written.append((written.last ?? 0) + UInt64.random(in: 1...9, using: &chance))
          try clock.write(written.last!)
        }
      }
      #expect(try ClockFile(file).reserved == written.last!)
      var bytes = try Files.read(file)
      let slot = written.count % 2
      let byte = slot * 512 + Int.random(in: 0..<32, using: &chance)
      bytes[byte] ^= UInt8.random(in: 1...255, using: &chance)
      try Files.replace(file, with: bytes)
      #expect(try ClockFile(file).reserved == written[written.count - 2])
    }
    for size in [0, 1, 511, 700, 5000] {
      try Files.replace(file, with: (0..<size).map { _ in UInt8.random(in: 0...255, using: &chance) })
      let reserve = try TickReserve(try ClockFile(file), above: 5)
      #expect(reserve.next() == Tick(6))
      reserve.close()
    }
  }
}
