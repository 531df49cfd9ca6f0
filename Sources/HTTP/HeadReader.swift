internal import CMicrohttpd
internal import Glibc

/// Takes a head from libmicrohttpd and refuses what that lets through.
///
/// libmicrohttpd 0.9 accepts bare line feeds, folded lines, NULs in values, blanks before the colon, repeated lengths and
/// hosts, a length together with chunks, and takes a line without a name for the end of the head. The pointers that it
/// hands out lie in its read buffer, where it has put zeros over the separators and the two bytes of each line end: so a
/// line whose parts do not adjoin each other, or the line before, really looked different.
@safe struct HeadReader {
  private(set) var headers: [Field] = []
  private(set) var rejection: Rejection?
  private(set) var contentLength: Int?
  private(set) var isChunked = false
  private(set) var expectsContinue = false
  private var hosts = 0
  private var lengths = 0
  private var encodings = 0
  private var bytes = 0
  private let limits: Limits
  /// Where the next line has to begin.
  private var line: UnsafePointer<CChar>?

  /// False with a library whose buffer looks different; those versions have strict parsers.
  private static let isBufferKnown: Bool = unsafe strncmp(MHD_get_version(), "0.9.", 4) == 0

  init(limits: Limits) {
    self.limits = limits
  }

  /// All three pointers lie in the same buffer.
  mutating func read(
    _ connection: OpaquePointer, method: UnsafePointer<CChar>, target: UnsafePointer<CChar>,
    targetLength: Int,
    version: UnsafePointer<CChar>
  ) {
    if Self.isBufferKnown {
      guard unsafe target == method + strlen(method) + 1, unsafe version == target + targetLength + 1,
        unsafe version[8] == 0, unsafe version[9] == 0
      else {
        rejection = .malformedHead
        return
      }
      unsafe line = version + 10
    }
    unsafe withUnsafeMutablePointer(to: &self) { reader in
      _ = unsafe MHD_get_connection_values(
        connection, mhd_header_kind,
        { context, _, name, value in
          guard let context = unsafe context, let name = unsafe name else { return mhd_no }
          let reader = unsafe context.assumingMemoryBound(to: HeadReader.self)
          unsafe reader.pointee.take(name, value)
          return unsafe reader.pointee.rejection == nil ? mhd_yes : mhd_no
        }, reader)
    }
    guard rejection == nil else { return }
    // The empty line: at least one byte of it was there, and one byte of the buffer always follows.
    if let line = unsafe line, unsafe line[0] != 0 || line[1] != 0 {
      rejection = .malformedHead
      return
    }
    if hosts > 1 {
      rejection = .malformedHead
    } else if lengths + encodings > 1 {
      rejection = .ambiguousLength
    } else if isChunked, unsafe version[7] == CChar(bitPattern: UInt8(ascii: "0")) {
      rejection = .ambiguousLength
    }
  }

  private mutating func take(_ name: UnsafePointer<CChar>, _ value: UnsafePointer<CChar>?) {
    let nameLength = unsafe strlen(name)
    let valueLength = unsafe value.map { unsafe strlen($0) } ?? 0
    bytes += nameLength + valueLength + 4
    guard bytes <= limits.headBytes, headers.count < limits.headers else {
      rejection = .headTooLarge
      return
    }
    let nameBytes = unsafe UnsafeRawBufferPointer(start: name, count: nameLength)
    guard nameLength > 0, unsafe nameBytes.allSatisfy(Self.isTokenByte), let value = unsafe value else {
      rejection = .malformedHead
      return
    }
    let valueBytes = unsafe UnsafeRawBufferPointer(start: value, count: valueLength)
    guard unsafe valueBytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }),
      unsafe isWholeLine(name, nameLength, value, valueLength)
    else {
      rejection = .malformedHead
      return
    }
    let text = unsafe String(decoding: valueBytes, as: UTF8.self).trimmingBlanks()
    let field = unsafe Field(String(decoding: nameBytes, as: UTF8.self), text)
    headers.append(field)
    interpret(field)
  }

  private mutating func interpret(_ field: Field) {
    // By length first: most headers are none of these.
    switch field.name.utf8.count {
    case 4 where Request.isSame(field.name, "Host"): hosts += 1
    case 6 where Request.isSame(field.name, "Expect"): expectsContinue = true
    case 14 where Request.isSame(field.name, "Content-Length"):
      lengths += 1
      let digits = field.value.utf8
      guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
        rejection = .malformedHead
        return
      }
      contentLength = Int(field.value) ?? .max
    case 17 where Request.isSame(field.name, "Transfer-Encoding"):
      encodings += 1
      isChunked = Request.isSame(field.value, "chunked")
      if !isChunked { rejection = .ambiguousLength }
    default: break
    }
  }

  /// Whether the line begins where the one before ended, and its value follows its name, up to a CR and an LF.
  private mutating func isWholeLine(
    _ name: UnsafePointer<CChar>, _ nameLength: Int, _ value: UnsafePointer<CChar>, _ valueLength: Int
  ) -> Bool {
    guard let line = unsafe line else { return true }
    var gap = unsafe name + nameLength + 1
    guard unsafe name == line, unsafe value >= gap, unsafe value - gap < limits.headBytes,
      unsafe value[valueLength + 1] == 0
    else { return false }
    while unsafe gap < value {
      guard unsafe gap[0] == 0x20 || gap[0] == 0x09 else { return false }
      unsafe gap += 1
    }
    unsafe self.line = value + valueLength + 2
    return true
  }

  static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}

extension String {
  fileprivate func trimmingBlanks() -> String {
    guard let last = utf8.last, last == 0x20 || last == 0x09 else { return self }
    var bytes = utf8[...]
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}
