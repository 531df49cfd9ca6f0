internal import Glibc
internal import Platform

/// What the kernel says of this process; nil where it does not.
struct ProcessFigures {
  var cpuNanoseconds: UInt64?
  var residentBytes: UInt64?
  var virtualBytes: UInt64?
  var openDescriptors: Int?
  var threads: UInt64?

  static var current: ProcessFigures {
    var figures = ProcessFigures()
    var usage = rusage()
    if unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
      let seconds = UInt64(max(0, usage.ru_utime.tv_sec + usage.ru_stime.tv_sec))
      let micro = UInt64(max(0, usage.ru_utime.tv_usec + usage.ru_stime.tv_usec))
      figures.cpuNanoseconds = seconds * 1_000_000_000 + micro * 1000
    }
    if let pages = try? Files.read("/proc/self/statm") {
      let fields = String(decoding: pages, as: UTF8.self).split(separator: " ").compactMap { UInt64($0) }
      let size = UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
      if fields.count > 1 {
        figures.virtualBytes = fields[0] &* size
        figures.residentBytes = fields[1] &* size
      }
    }
    figures.openDescriptors = (try? Files.names(in: "/proc/self/fd"))?.count
    figures.threads = (try? Files.names(in: "/proc/self/task")).map { UInt64($0.count) }
    return figures
  }

  func write(to text: inout MetricsText) {
    if let cpuNanoseconds {
      text.family("process_cpu_seconds_total", "counter", "User and system time.")
      text.sample("process_cpu_seconds_total", [], MetricsText.seconds(nanoseconds: cpuNanoseconds))
    }
    let gauges: [(String, String, UInt64?)] = [
      ("process_resident_memory_bytes", "Memory in use.", residentBytes),
      ("process_virtual_memory_bytes", "Address space.", virtualBytes),
      ("process_open_fds", "Open descriptors.", openDescriptors.map(UInt64.init)),
      ("process_threads", "Threads.", threads),
    ]
    for (name, help, value) in gauges {
      guard let value else { continue }
      text.family(name, "gauge", help)
      text.sample(name, [], String(value))
    }
  }
}
