internal import Glibc
internal import Model
internal import Platform

/// The supervisor of one run: starts it, bounds it, reaps all of it, and leaves `outcome` in the run's directory.
///
/// Exit codes: 0 the outcome is written; 2 wrong usage or a malformed order; 3 another supervisor holds this run;
/// 4 the outcome could not be written.
@main
enum Main {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 2 || arguments.count == 3, !arguments[1].hasPrefix("-") else {
      complain("mcpd-exec is started by mcpd for one run: mcpd-exec RUN-DIRECTORY [LOCK-DESCRIPTOR]")
      exit(2)
    }
    let place = arguments[1]
    let order: RunOrder
    do {
      order = try RunOrder(decoding: try Files.read(place + "/order"))
    } catch let malformed as ByteReader.Malformed {
      complain("\(place)/order is no order: byte \(malformed.offset) is wrong")
      exit(2)
    } catch {
      complain("\(error)")
      exit(2)
    }
    do throws(SystemError) {
      guard try RunLock.take(in: place, inherited: arguments.count == 3 ? Int32(arguments[2]) : nil) else {
        complain("another supervisor holds \(place)")
        exit(3)
      }
      let supervisor = try Supervisor(order: order, place: place)
      let outcome = supervisor.run()
      try OutcomeFile.write(outcome, in: place)
      exit(0)
    } catch {
      complain("\(error)")
      exit(4)
    }
  }

  static func complain(_ sentence: String) {
    let line = Array("mcpd-exec: \(sentence)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(2, $0.baseAddress!, $0.count) }
  }
}
