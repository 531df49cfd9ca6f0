/// Other people's texts on their way to a terminal: no control characters, nothing that turns the writing round.
enum Printable {
  static func text(_ text: String) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: text.unicodeScalars.map(scalar))
    return String(view)
  }

  /// White space becomes a blank, what has no shape U+FFFD.
  static func scalar(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0x09, 0x0a, 0x0d: " "
    case 0x00...0x1f, 0x7f...0x9f, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff, 0xfffe, 0xffff:
      "\u{fffd}"
    default: scalar
    }
  }
}
