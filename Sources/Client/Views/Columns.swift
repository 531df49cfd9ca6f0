/// Lays cells out in columns; one of them gives way where the width is short.
package struct Columns {
  package struct Cell {
    package var text: String
    package var color: Style.Color?
    package var isNumber: Bool
    /// A symbol that belongs to what follows it.
    package var isTight: Bool

    package init(_ text: String, _ color: Style.Color? = nil, number: Bool = false, tight: Bool = false) {
      self.text = text
      self.color = color
      isNumber = number
      isTight = tight
    }
  }

  package var indent = ""
  /// Which columns may be cut, first the one that gives way first, with what it keeps at least.
  package var giving: [(column: Int, least: Int)] = []
  package var rows: [[Cell]] = []

  package init(indent: String = "", giving: [(column: Int, least: Int)] = []) {
    self.indent = indent
    self.giving = giving
  }

  package func render(_ style: Style) -> String {
    let count = rows.map(\.count).max() ?? 0
    var widths = [Int](repeating: 0, count: count)
    for row in rows {
      for (index, cell) in row.enumerated() { widths[index] = max(widths[index], Text.width(cell.text)) }
    }
    // Without a bound a long message must still not push what follows it out of sight.
    if style.width == nil, let message = giving.first?.column, message < count {
      widths[message] = min(widths[message], 100)
    }
    if let limit = style.width {
      let gaps = 2 * max(0, widths.filter { $0 > 0 }.count - 1)
      var excess = widths.reduce(0, +) + gaps + Text.width(indent) - limit
      for (column, least) in giving where column < count && excess > 0 {
        let cut = min(excess, max(0, widths[column] - least))
        widths[column] -= cut
        excess -= cut
      }
    }
    return rows.map { line($0, widths, style) + "\n" }.joined()
  }

  private func line(_ row: [Cell], _ widths: [Int], _ style: Style) -> String {
    var line = indent
    var used = Text.width(indent)
    // Spaces are only written in front of something, so that no line ends in them.
    var owed = 0
    for (index, cell) in row.enumerated() where widths[index] > 0 {
      let text = Text.fitted(cell.text, to: widths[index], style)
      let missing = widths[index] - Text.width(text)
      if !text.isEmpty {
        var shown = text
        let before = owed + (cell.isNumber ? missing : 0)
        if let limit = style.width {
          let room = limit - used - before
          if room <= 0 { break }
          shown = Text.fitted(text, to: room, style)
        }
        line += String(repeating: " ", count: before) + style.paint(shown, cell.color)
        used += before + Text.width(shown)
        owed = cell.isNumber ? 0 : missing
      } else {
        owed += missing
      }
      owed += cell.isTight ? 1 : 2
    }
    return line
  }
}
