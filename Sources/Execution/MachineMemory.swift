import Foundation

/// The memory that this process may have.
package enum MachineMemory {
  /// Bytes at most: of the machine, of the control group that the process is
  /// in, and of what is left below the limits of the shell (`ulimit -v`, `-d`).
  package static var usable: Int {
    ([Int(ProcessInfo.processInfo.physicalMemory)] + groupLimits
      + [unreserved].compactMap { $0 }).min() ?? 0
  }

  /// What may still be reserved below the limits of the shell; nil without one.
  package static var unreserved: Int? {
    // The sizes are in pages: all that is mapped, and that of its own.
    let sizes =
      (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
      .split(separator: " ").compactMap { Int($0) } ?? []
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    func left(_ limit: UInt64, below column: Int) -> Int? {
      // No limit is the largest number, as it is stored.
      guard limit < UInt64(Int.max) else { return nil }
      let used = sizes.indices.contains(column) ? sizes[column] * page : 0
      return max(0, Int(limit) - used)
    }
    return [
      left(softLimit(.addressSpace), below: 0),
      left(softLimit(.data), below: 5),
    ].compactMap { $0 }.min()
  }

  private enum Limit { case addressSpace, data }

  private static func softLimit(_ limit: Limit) -> UInt64 {
    var values = rlimit()
    let kind = limit == .data ? RLIMIT_DATA : RLIMIT_AS
    #if os(Linux)
    getrlimit(__rlimit_resource_t(kind.rawValue), &values)
    #else
    getrlimit(kind, &values)
    #endif
    return UInt64(values.rlim_cur)
  }

  /// Of the process's control group and of those above it, version 2 or 1.
  private static var groupLimits: [Int] {
    let lines =
      (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8))?
      .split(separator: "\n") ?? []
    return lines.flatMap { line -> [Int] in
      let parts = line.split(
        separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return [] }
      let (root, file) =
        switch parts[1] {
        case "": ("/sys/fs/cgroup", "memory.max")
        case "memory": ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        default: ("", "")
        }
      guard !root.isEmpty else { return [] }
      var folder = String(parts[2])
      var limits: [Int] = []
      while true {
        let path = root + (folder == "/" ? "" : folder) + "/" + file
        if let text = try? String(contentsOfFile: path, encoding: .utf8),
          let limit = Int(text.filter { !$0.isWhitespace })
        {
          limits.append(limit)
        }
        guard !folder.isEmpty, folder != "/" else { return limits }
        folder = (folder as NSString).deletingLastPathComponent
      }
    }
  }
}
