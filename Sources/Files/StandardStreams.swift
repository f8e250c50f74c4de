import Foundation
import Synchronization

/// Standard output, where every byte counts, and standard error, where none
/// may end the work.
package enum StandardStreams {
  /// Takes the places of streams that were closed when the process began, so
  /// that no file gets their numbers; what is written there still fails.
  package static func reserve() {
    for descriptor in STDIN_FILENO...STDERR_FILENO
    where fcntl(descriptor, F_GETFD) < 0 {
      _ = open(
        "/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Writes to standard output.
  ///
  /// - Throws: `FileFault.unwritable`.
  package static func print(_ text: String) throws {
    try Array(text.utf8).withUnsafeBytes {
      try writeAll($0, to: STDOUT_FILENO, called: output)
    }
  }

  /// Closes standard output: some file systems tell of lost bytes only then.
  ///
  /// - Throws: `FileFault.unwritable`.
  package static func finish() throws {
    guard close(STDOUT_FILENO) == 0 || errno == EINTR else {
      throw FileFault.unwritable(path: output, reason: systemErrorReason())
    }
  }

  /// Lets nothing out any more, neither of standard output nor of standard
  /// error.
  package static func silence() {
    let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
    errors.withLock { $0 = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) }
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
      dup2(nothing, descriptor)
    }
    close(nothing)
  }

  /// Lets out again what is written to standard error.
  package static func endSilence() {
    errors.withLock { _ = dup2($0, STDERR_FILENO) }
  }

  /// Standard error before it was silenced.
  private static let errors = Mutex<Int32>(-1)

  /// Writes to standard error what can be written there.
  package static func tell(_ text: String) {
    try? Array(text.utf8).withUnsafeBytes {
      try writeAll($0, to: STDERR_FILENO, called: "standard error")
    }
  }

  private static let output = "standard output"
}

/// Writes all bytes.
///
/// - Throws: `FileFault.unwritable`, with the given name.
package func writeAll(
  _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, called name: String
) throws {
  var rest = bytes[...]
  while !rest.isEmpty {
    let written = Foundation.write(
      descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress,
      rest.count)
    if written >= 0 {
      rest = rest.dropFirst(written)
    } else if errno == EAGAIN {
      // Whoever shares the stream has made it one that does not wait.
      var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&waiting, 1, -1)
    } else if errno != EINTR {
      throw FileFault.unwritable(path: name, reason: systemErrorReason())
    }
  }
}

extension FileFault {
  /// Whether whoever reads what is written has gone.
  package var isBrokenPipe: Bool {
    if case .unwritable(_, systemErrorReason(EPIPE)) = self {
      true
    } else {
      false
    }
  }
}
