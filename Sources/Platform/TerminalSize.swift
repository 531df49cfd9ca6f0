internal import CLinux
internal import Glibc

/// How large a terminal is.
package struct TerminalSize: Hashable, Sendable {
  package var columns: Int
  package var rows: Int

  package init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
  }

  /// Nil where the descriptor is no terminal or does not know.
  package static func of(_ descriptor: Int32) -> TerminalSize? {
    var size = winsize()
    let result = unsafe cl_ioctl(descriptor, UInt(TIOCGWINSZ), &size)
    guard result == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
    return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
  }
}
