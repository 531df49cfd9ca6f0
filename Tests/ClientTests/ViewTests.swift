import Client
import Model
import Testing
import Wire

struct ViewTests {
  private static let styles: [(String, Style)] = [
    ("no bound", Style()), ("100 columns", Style(width: 100)), ("60 columns", Style(width: 60)),
    ("30 columns", Style(width: 30)), ("ASCII, 80 columns", Style(hasUnicode: false, width: 80)),
    ("colours", Style(hasColor: true, width: 100)),
  ]

  private func drawn(_ draw: (Style) -> String) -> String {
    var text = ""
    for (name, style) in Self.styles {
      let drawn = draw(style)
      text += "--- \(name)\n" + drawn.replacing("\u{1b}", with: "<ESC>")
      for line in drawn.split(separator: "\n") where !style.hasColor {
        // A hint is for copying and a closing count for reading: the terminal may wrap them.
        let isWhole =
          line.hasPrefix("!") || line.contains(": mcpd-client") || line.contains("sudo")
          || line.first?.isNumber == true && line.contains(", ")
        if let width = style.width, !isWhole {
          #expect(Text.width(String(line)) <= width, "\(name): \(line)")
        }
        #expect(!line.unicodeScalars.contains("\u{1b}") && line.last != " ", "\(name): \(line)")
      }
    }
    return text
  }

  @Test func `a status is drawn as it was`() {
    expectGolden(drawn { StatusView(style: $0, time: Sample.time).render(Sample.red) }, "status.txt")
  }

  @Test func `results are drawn as they were`() {
    expectGolden(
      drawn { style in
        let view = ResultsView(style: style, time: Sample.time)
        return view.render(Sample.results) + "\n" + view.render(Sample.results, cases: true) + "\n"
          + view.render(
            Sample.results + [Sample.result("x", nil, discarded: true)], isHistory: true, took: .seconds(3))
          + "\n" + view.render([])
      }, "results.txt")
  }

  @Test func `lines of watch are drawn as they were`() throws {
    let head = #""id":7,"time":"2026-01-02T03:02:11.412Z","project":"shop","kind":"#
    var events = try [
      #"{\#(head)"change","path":"templates/mail.txt","change":"changed"}"#,
      #"{\#(head)"change","path":"src/new.py","change":"created"}"#,
      #"{\#(head)"run-started","run":"r1","unit":"a"}"#,
      #"{\#(head)"state","state":"green","passed":121,"failed":0}"#,
      #"{\#(head)"state","state":"red","passed":120,"failed":1,"timed_out":2}"#,
      #"{\#(head)"state","state":"running"}"#,
      #"{\#(head)"gate","state":"closed","reason":"rebase","text":"a rebase is under way"}"#,
      #"{\#(head)"gate","state":"open","reason":null,"text":"open"}"#, #"{\#(head)"overflow","count":3}"#,
      #"{\#(head)"degraded","degraded":[{"code":"x","text":"14 directories are polled","hint":null}]}"#,
      #"{\#(head)"degraded","degraded":[]}"#, #"{\#(head)"plan","count":3}"#, #"{\#(head)"brand-new","x":1}"#,
      #"{\#(head)"config","text":"read again"}"#, #"{\#(head)"run-finished","run":"broken"}"#,
    ].map(Sample.event)
    for body in Sample.results + [Sample.result("tests/test_cart.py", nil, discarded: true)] {
      let event = Event(
        tick: Tick(9), time: Sample.started, project: ProjectName("shop"), kind: .runFinished,
        body: body.encoded)
      events.append(try EventBody(json: JSON(parsing: event.encoded)))
    }
    expectGolden(
      drawn { style in
        let view = EventLine(style: style, time: Sample.time)
        return Sample.red.projects.map { view.render($0) + "\n" }.joined()
          + events.compactMap(view.render).map { $0 + "\n" }.joined()
      }, "watch-lines.txt")
  }

  @Test(arguments: Report.allCases) func `every report is as it was`(report: Report) {
    expectGolden(report.render(Sample.results), "report.\(report.rawValue)")
  }

  @Test func `the live view fills its screen exactly and follows its keys`() throws {
    var view = LiveView()
    view.status = Sample.red
    for index in 0..<900 {
      let kind = index.isMultiple(of: 2) ? "changed" : "created"
      view.add([
        try Sample.event(
          #"{"id":\#(index),"time":"2026-01-02T03:02:11.412Z","project":"shop","kind":"change","path":"src/\#(index).py","change":"\#(kind)"}"#
        )
      ])
    }
    var text = ""
    func draw(_ what: String, rows: Int = 24, width: Int = 80) {
      let lines = view.render(rows: rows, Style(width: width), Sample.time)
      #expect(lines.count == rows && lines.allSatisfy { Text.width($0) <= width })
      text += "--- \(what)\n" + lines.joined(separator: "\n") + "\n"
    }
    draw("at first")
    #expect(view.press(.down) == nil && view.press(.down) == nil && view.press(.up) == nil)
    draw("the second failure is chosen", rows: 16)
    #expect(view.press(.character("l")) == .log(domain: "unit", unit: "tests/test_mail.py"))
    view.showLog(Array("one\n\u{1b}[31mred\u{1b}[0m and \u{7}bell\n\nlast".utf8), of: "tests/test_mail.py")
    draw("its log", rows: 6, width: 40)
    #expect(view.press(.down) == nil && view.press(.character("q")) == nil)
    for key in "tcart" { _ = view.press(.character(key)) }
    draw("typing a filter", rows: 12)
    #expect(view.press(.enter) == nil)
    draw("filtered", rows: 16)
    #expect(view.press(.character("c")) == nil)
    for key in "psrc/a" { _ = view.press(.character(key)) }
    #expect(view.press(.backspace) == nil && view.press(.enter) == .path("src/"))
    #expect(view.press(.character("?")) == nil)
    draw("help", rows: 14)
    #expect(view.press(.enter) == nil && view.press(.enter) == .again)
    #expect(view.press(.character("a")) == .all && view.press(.character("f")) == .failed)
    #expect(view.press(.character(" ")) == .togglePause && view.press(.character("q")) == .quit)
    #expect(view.press(.character("w")) == nil)
    draw("what this build lacks is said", rows: 3)
    draw("one row", rows: 1, width: 10)
    expectGolden(text, "live-view.txt")
  }

  @Test(arguments: [
    (0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (1949, "1.9 s"), (41_000, "41 s"), (59_949, "59.9 s"),
    (65_000, "1 min 5 s"),
    (3_840_000, "1 h 4 min"), (-5, "0 ms"),
  ])
  func `durations are human`(milliseconds: Int, text: String) {
    #expect(HumanTime.duration(.milliseconds(milliseconds)) == text)
  }

  @Test(arguments: [
    (0, "just now"), (-9000, "just now"), (5000, "5 s ago"), (150_000, "2 min ago"), (7_300_000, "2 h ago"),
    (200_000_000, "2 d ago"),
  ])
  func `ages are human`(milliseconds: Int64, text: String) {
    #expect(Sample.time.ago(Timestamp(milliseconds: BenchClock.wall.milliseconds - milliseconds)) == text)
  }

  @Test func `colours and symbols depend on where the output goes`() {
    let terminal = ["TERM": "xterm", "LANG": "en_US.UTF-8"]
    func style(_ more: [String: String], terminal isTerminal: Bool = true, noColor: Bool = false) -> Style {
      Style(
        environment: terminal.merging(more) { $1 }, isTerminal: isTerminal, width: nil, noColor: noColor)
    }
    #expect(style([:]).hasColor && style([:]).hasUnicode && style(["NO_COLOR": ""]).hasColor)
    #expect(!style(["NO_COLOR": "1"]).hasColor && !style([:], terminal: false).hasColor)
    #expect(!style([:], noColor: true).hasColor && !style(["TERM": "dumb"]).hasColor)
    #expect(!style(["LC_ALL": "C"]).hasUnicode && style(["LC_ALL": "", "LC_CTYPE": "C.utf8"]).hasUnicode)
  }

  @Test(arguments: [
    ("a\tb\nc", "a b c"), ("\u{1b}[31mred", "\u{fffd}[31mred"), ("a\u{202e}b", "a\u{fffd}b"),
    ("\u{9b}2J", "\u{fffd}2J"), ("é✗", "é✗"),
  ])
  func `nothing in a name steers the terminal`(text: String, safe: String) {
    #expect(Text.oneLine(text) == safe)
  }

  @Test(arguments: [
    ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("✗", 1), ("😀", 2), ("\u{200b}", 0),
  ])
  func `widths are those of a terminal`(text: String, columns: Int) {
    #expect(Text.width(text) == columns)
    for width in 0...6 {
      #expect(Text.width(Text.fitted(text, to: width, Style())) <= width)
      #expect(Text.width(Text.clipped(text, to: width, Style())) <= width)
    }
  }
}
