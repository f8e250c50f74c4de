import Files
import Foundation

/// Ends a command whose memory is refused with one line and a status, and
/// without its partials: a failed allocation cannot be caught in Swift, whose
/// runtime aborts.
enum MemoryShortage {
  static let status: Int32 = 71

  /// To be called once, before the first work.
  static func watch() {
    for number in [SIGABRT, SIGILL, SIGTRAP, SIGSEGV] {
      var action = sigaction()
      // What the handler calls may fail in its turn.
      action.sa_flags = Int32(bitPattern: UInt32(SA_NODEFER))
      action.handler = { number in
        if errno == ENOMEM {
          endForLackOfMemory()
        } else {
          signal(number, SIG_DFL)
          raise(number)
        }
      }
      sigaction(number, &action, nil)
    }
  }
}

private func endForLackOfMemory() -> Never {
  for number in [SIGABRT, SIGILL, SIGTRAP, SIGSEGV] {
    signal(number) { _ in _exit(MemoryShortage.status) }
  }
  let line: StaticString = """
    anomaly: error: not enough memory: close other programs, or do less at once \
    with a lower --memory-budget or --size

    """
  _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
  Partial.removeAll(waiting: false)
  _exit(MemoryShortage.status)
}

extension sigaction {
  var handler: (@convention(c) (Int32) -> Void)? {
    get {
      #if os(Linux)
      __sigaction_handler.sa_handler
      #else
      __sigaction_u.__sa_handler
      #endif
    }
    set {
      #if os(Linux)
      __sigaction_handler.sa_handler = newValue
      #else
      __sigaction_u.__sa_handler = newValue
      #endif
    }
  }
}
