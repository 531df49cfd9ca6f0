/// Texts on a terminal: how wide they are, and what of them is safe to show.
package enum Text {
  /// One line without anything that could steer a terminal: names and messages come from tests, so from anybody.
  package static func oneLine(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return text }
    var safe = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0a, 0x0d: safe.append(" ")
      case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069: safe.append("\u{fffd}")
      default: safe.append(scalar)
      }
    }
    return String(safe)
  }

  /// In columns.
  package static func width(_ text: String) -> Int {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return text.utf8.count }
    return text.unicodeScalars.reduce(0) { $0 + width($1) }
  }

  static func width(_ scalar: Unicode.Scalar) -> Int {
    if scalar.properties.generalCategory == .nonspacingMark
      || scalar.properties.generalCategory == .enclosingMark
      || scalar.properties.generalCategory == .format
    {
      return 0
    }
    return switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
      0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1f9ff,
      0x20000...0x3fffd:
      2
    default: 1
    }
  }

  package static func padded(_ text: String, to columns: Int) -> String {
    let missing = columns - width(text)
    return missing > 0 ? text + String(repeating: " ", count: missing) : text
  }

  package static func leftPadded(_ text: String, to columns: Int) -> String {
    let missing = columns - width(text)
    return missing > 0 ? String(repeating: " ", count: missing) + text : text
  }

  /// Cut to so many columns, with an ellipsis in the last ones.
  package static func fitted(_ text: String, to columns: Int, _ style: Style) -> String {
    if width(text) <= columns { return text }
    let ellipsis = style.symbol(.ellipsis)
    var kept = String.UnicodeScalarView()
    var used = width(ellipsis)
    if used > columns { return String(repeating: ".", count: max(0, columns)) }
    for scalar in text.unicodeScalars {
      used += width(scalar)
      if used > columns { break }
      kept.append(scalar)
    }
    return String(kept) + ellipsis
  }

  /// A painted line cut to so many columns; colours take none of them and end with the line.
  package static func clipped(_ line: String, to columns: Int, _ style: Style) -> String {
    guard line.utf8.contains(0x1b) else { return fitted(line, to: columns, style) }
    var kept = String.UnicodeScalarView()
    var used = 0
    var isInside = false
    for scalar in line.unicodeScalars {
      if scalar == "\u{1b}" { isInside = true }
      if !isInside {
        used += width(scalar)
        if used > columns { return String(kept) + "\u{1b}[0m" }
      }
      kept.append(scalar)
      if isInside && scalar == "m" { isInside = false }
    }
    return String(kept)
  }

  /// `1 unit`, `2 units`.
  package static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}
