import CFuzzer
import Foundation
import FuzzReaders

/// libFuzzer with the reader that `FUZZ_READER` names.
@main
enum Fuzz {
  static func main() {
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? =
      CommandLine.unsafeArgv
    let status = LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
      do {
        try Fuzz.reader.read(
          Data(UnsafeBufferPointer(start: bytes, count: count)),
          in: Fuzz.folder)
      } catch {
        fatalError("no fault: \(type(of: error)) \(error)")
      }
      return 0
    }
    exit(status)
  }

  private static let reader: FuzzReader = {
    let name = ProcessInfo.processInfo.environment["FUZZ_READER"] ?? ""
    guard let reader = FuzzReader(rawValue: name) else {
      fatalError(
        "FUZZ_READER must be one of "
          + FuzzReader.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return reader
  }()

  /// In memory where the system has such a place.
  private static let folder: URL = {
    let memory = URL(filePath: "/dev/shm")
    let place =
      FileManager.default.fileExists(atPath: memory.path)
      ? memory : URL.temporaryDirectory
    let folder = place.appending(path: "fuzz-\(getpid())")
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true)
    } catch {
      fatalError("\(error)")
    }
    return folder
  }()
}
