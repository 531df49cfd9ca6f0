import Testing

@Suite(.enabled(if: Place.hasDaemon, "mcpd is not built")) struct `The example, with a real daemon` {
  @Test(.enabled(if: Tool.hasPytest, "python3 has no pytest"))
  func `a saved file goes red, and green again when it is mended`() throws {
    let site = try Site()
    let daemon = try Daemon.start(site, projects: [try site.shop()])
    #expect(try daemon.sync() == 0)
    let first = try daemon.verdicts()
    #expect(first.count >= 3 && first.values.allSatisfy { $0 == "passed" }, "\(first)")

    // Code, a template, a data file and a shell script: each edit reddens what looks at it.
    let edits = [
      (
        "shop/src/shop/cart.py", " * quantity for", " for",
        ["tests/test_cart.py", "tests/test_mail.py", "shell"]
      ),
      ("shop/templates/mail.txt", "{name}", "{nom}", ["tests/test_mail.py"]),
      ("shop/data/prices.json", "120", "-120", ["check", "tests/test_mail.py"]),
      ("shop/tests/till.sh", "2.05", "2.06", ["shell"]),
    ]
    for (file, old, new, expected) in edits {
      try site.edit(file, old, new)
      #expect(try daemon.sync() == 1, "\(file)")
      let red = try daemon.verdicts().filter { $0.value == "failed" }.keys.sorted()
      #expect(red == expected.sorted(), "\(file)")
      if file.hasSuffix("cart.py") {
        let log = try daemon.client("log", "tests/test_cart.py")
        #expect(log.code == 0 && log.text.contains("test_the_quantity_counts"), "\(log)")
        let status = try daemon.client("status")
        #expect(status.text.contains("red") && status.text.contains("tests/test_cart.py"), "\(status)")
      }
      try site.edit(file, new, old)
      #expect(try daemon.sync() == 0, "\(file)")
    }
  }
}
