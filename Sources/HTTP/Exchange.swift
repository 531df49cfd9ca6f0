internal import Synchronization

/// Takes the answer to one request, once, from any thread.
package struct Responder: Sendable {
  let exchange: Exchange

  /// False when the request was answered already or nobody waits for the answer any more.
  @discardableResult
  package func respond(_ response: Response) -> Bool { exchange.respond(response) }

  /// Calls `body` if the client goes away (or the server stops) before the answer; at once if that has happened already.
  package func onGone(_ body: @escaping @Sendable () -> Void) { exchange.onGone(body) }
}

/// Something for which a connection is suspended. Both calls come from the attendant's thread.
protocol Parked: AnyObject, Sendable {
  func clientIsGone()
  func serverIsStopping()
  func tick(_ milliseconds: UInt64)
}

/// One request and its answer, between the handler's thread, the connection's thread and whoever answers later.
///
/// Lock order: the exchange's lock, then what parking takes (the connection's, libmicrohttpd's). A connection is resumed
/// inside the lock, so it cannot have been freed: while suspended it stays, and `finish` takes the same lock first.
final class Exchange: Parked {
  private enum State {
    /// The handler runs, on the connection's thread.
    case handling
    case suspended(Connection)
    case answered(Response)
    /// The answer is on its way, or there is nobody to give one to.
    case over(isGone: Bool)
  }

  private struct Shared {
    var state: State = .handling
    var onGone: (@Sendable () -> Void)?

    mutating func takeOnGone() -> (@Sendable () -> Void)? {
      defer { onGone = nil }
      return onGone
    }

    /// Answers a suspended request for a server that stops; nil when it is not suspended.
    mutating func stop() -> (@Sendable () -> Void)? {
      guard case .suspended(let connection) = state else { return nil }
      connection.unpark()
      state = .answered(.prepared(Rejection.stopping.response))
      return takeOnGone()
    }
  }

  private let shared = Mutex(Shared())

  func respond(_ response: Response) -> Bool {
    let taken = shared.withLock { shared in
      switch shared.state {
      case .handling: break
      case .suspended(let connection): connection.unpark()
      case .answered, .over: return false
      }
      shared.state = .answered(response)
      shared.onGone = nil
      return true
    }
    if !taken { response.discard() }
    return taken
  }

  func onGone(_ body: @escaping @Sendable () -> Void) {
    let isGone = shared.withLock { shared in
      if case .over(isGone: true) = shared.state { return true }
      switch shared.state {
      case .handling, .suspended: shared.onGone = body
      case .answered, .over: break
      }
      return false
    }
    if isGone { body() }
  }

  enum Step {
    case send(Response)
    case wait
    case close
  }

  /// After the handler has returned, and again after each resumption, on the connection's thread.
  func step(_ connection: Connection, isStopping: () -> Bool) -> Step {
    let (step, gone) = shared.withLock { shared -> (Step, (@Sendable () -> Void)?) in
      switch shared.state {
      case .handling:
        connection.park(self)
        shared.state = .suspended(connection)
        // Looked at after parking: either this sees the stop, or the stop sees who is parked. Nobody may stay suspended.
        if !isStopping() { return (.wait, nil) }
        return (.wait, shared.stop())
      case .suspended: return (.wait, nil)
      case .answered(let response):
        shared.state = .over(isGone: false)
        return (.send(response), nil)
      case .over: return (.close, nil)
      }
    }
    gone?()
    return step
  }

  /// The request has ended: answered in full, or broken off.
  func finish() {
    let (unsent, gone) = shared.withLock { shared -> (Response?, (@Sendable () -> Void)?) in
      var unsent: Response?
      switch shared.state {
      case .over: return (nil, nil)
      case .answered(let response): unsent = response
      case .handling, .suspended: break
      }
      shared.state = .over(isGone: true)
      return (unsent, shared.takeOnGone())
    }
    unsent?.discard()
    gone?()
  }

  func clientIsGone() {
    let gone = shared.withLock { shared -> (@Sendable () -> Void)? in
      guard case .suspended(let connection) = shared.state else { return nil }
      connection.unpark()
      shared.state = .over(isGone: true)
      return shared.takeOnGone()
    }
    gone?()
  }

  func serverIsStopping() {
    let gone = shared.withLock { $0.stop() }
    gone?()
  }

  func tick(_ milliseconds: UInt64) {}
}

extension Response {
  /// An answer that never reached a connection lets go of what it holds.
  func discard() {
    if case .stream(_, _, let source) = self { source.close() }
  }
}
