import Model
import Platform
import Testing

@Suite struct `Output that is kept` {
  struct Row: Sendable, CustomTestStringConvertible {
    let head: Int
    let tail: Int
    let pieces: [String]
    let content: String
    var testDescription: String { "\(head)+\(tail) of \(pieces)" }
  }

  @Test(arguments: [
    Row(head: 3, tail: 3, pieces: [], content: ""),
    Row(head: 3, tail: 3, pieces: ["abc", "def"], content: "abcdef"),
    Row(head: 3, tail: 3, pieces: ["abcdefg"], content: "abc\n[… 1 bytes left out …]\nefg"),
    Row(head: 3, tail: 3, pieces: ["ab\n", "defghi", "jk"], content: "ab\n[… 5 bytes left out …]\nijk"),
    Row(head: 0, tail: 2, pieces: ["a", "b", "c"], content: "[… 1 bytes left out …]\nbc"),
    Row(head: 2, tail: 0, pieces: ["abc", "d"], content: "ab\n[… 2 bytes left out …]\n"),
    Row(head: 0, tail: 0, pieces: ["abc"], content: "[… 3 bytes left out …]\n"),
    Row(head: -5, tail: -5, pieces: ["a"], content: "[… 1 bytes left out …]\n"),
  ])
  func `is the beginning and the end`(_ row: Row) {
    var buffer = OutputBuffer(head: row.head, tail: row.tail)
    for piece in row.pieces { buffer.append(Array(piece.utf8)) }
    #expect(String(decoding: buffer.content, as: UTF8.self) == row.content)
  }

  @Test func `does not depend on how it is cut into pieces`() {
    let all = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for (head, tail) in [(10, 10), (0, 64), (64, 1), (3000, 1999), (3000, 2000), (1, 0)] {
      for step in [1, 3, 17, 64, 65, 1000, 5000] {
        var buffer = OutputBuffer(head: head, tail: tail)
        for start in stride(from: 0, to: all.count, by: step) {
          buffer.append(all[start..<min(start + step, all.count)])
        }
        #expect(buffer.head == Array(all.prefix(head)))
        #expect(buffer.tail == Array(all.dropFirst(head).suffix(tail)))
        #expect(buffer.dropped == UInt64(max(0, all.count - head - tail)) && buffer.total == 5000)
      }
    }
  }

  @Test func `a stop is carried out step by step`() {
    func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
    var stop = StopSequence([.signal(15), .wait(.seconds(2)), .signal(18), .wait(.seconds(1)), .signal(9)])
    #expect(stop.next == nil && !stop.isFinished)
    #expect(stop.due(at: at(0)) == [15] && stop.next == at(2000))
    #expect(stop.due(at: at(1999)) == [] && stop.next == at(2000))
    #expect(stop.due(at: at(2500)) == [18] && stop.next == at(3500))
    #expect(stop.due(at: at(9000)) == [9] && stop.isFinished && stop.next == nil)
    #expect(stop.due(at: at(9001)) == [])
    var orderly = StopSequence.orderly(grace: .zero)
    #expect(orderly.due(at: at(0)) == [15, 18, 9])
  }
}
